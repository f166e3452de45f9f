import { randomInt } from "node:crypto";
import { expect } from "vitest";
import type {
  AdminScreeningHit,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { call } from "./api.ts";
import type { Account } from "./api-accounts.ts";
import { addDocument, completeProfile, newKey, startVerification } from "./api-kyc.ts";

const LETTERS = "bdfgklmnprstvz";

/** A last name that nobody has, so that tests do not find each other's people. */
export function inventedName(): string {
  const syllable = () => `${LETTERS[randomInt(LETTERS.length)]}${"aiu"[randomInt(3)]}`;
  const name = Array.from({ length: 6 }, syllable).join("");
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
}

/** Submits a verification of a person of this last name. */
export async function submitAs(
  account: Account,
  lastName: string,
  headers: Record<string, string> = {},
): Promise<Verification> {
  const as = account.credential;
  await completeProfile(account);
  const patch = { body: { last_name: lastName }, headers: { "if-match": "*" } };
  expect((await call("users.updateMe", { as, ...patch })).status).toBe(200);
  const { verification_id } = await startVerification(account);
  await addDocument(account, verification_id);
  const { status, body } = await call("kyc.submitVerification", {
    as,
    params: { verification_id },
    headers: { ...newKey(), ...headers },
  });
  expect(status).toBe(200);
  return body;
}

/** What staff sees of a case. */
export async function readCase({ credential: as }: Account, { verification_id }: Verification) {
  const { status, body } = await call("admin.getKyc", { as, params: { verification_id } });
  expect(status).toBe(200);
  return body;
}

/** The hits that staff sees in a case. */
export async function hitsIn(
  staff: Account,
  verification: Verification,
): Promise<AdminScreeningHit[]> {
  return (await readCase(staff, verification)).screening_hits;
}
