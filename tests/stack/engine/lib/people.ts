import { randomBytes, randomInt } from "node:crypto";
import type postgres from "postgres";
import { expect, vi } from "vitest";
import type { Verification } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { call } from "../../../helpers/api.ts";
import { type Account, createAccount, secretKey } from "../../../helpers/api-accounts.ts";
import { ADDRESS, addDocument, newKey, startVerification } from "../../../helpers/api-kyc.ts";

/** Somebody with a draft that lacks nothing. */
export type Applicant = { readonly account: Account; readonly draft: Verification };

/** Letters only: a name that no rule and no list has heard of. */
function newName(): string {
  const letters = [...randomBytes(12)].map((byte) => String.fromCharCode(97 + (byte % 26)));
  return `X${letters.join("")}`;
}

/** Makes somebody whom no other applicant resembles; `tag` chooses what the provider will do. */
export async function newApplicant(tag = ""): Promise<Applicant> {
  const account = await createAccount({ tag });
  const as = account.credential;
  const birthday = new Date(Date.UTC(1960 + randomInt(35), randomInt(12), 1 + randomInt(28)));
  const body = {
    first_name: newName(),
    last_name: newName(),
    date_of_birth: birthday.toISOString().slice(0, 10),
  };
  const any = { "if-match": "*" };
  expect((await call("users.updateMe", { as, headers: any, body })).status).toBe(200);
  expect((await call("users.putMyAddress", { as, headers: any, body: ADDRESS })).status).toBe(200);
  for (const document of ["terms", "privacy", "kyc_processing"]) {
    const consent = { document, version: "2026-11-01" };
    const { status } = await call("users.recordConsent", { as, headers: newKey(), body: consent });
    expect(status).toBe(201);
  }
  const draft = await startVerification(account);
  await addDocument(account, draft.verification_id);
  return { account, draft };
}

/** A tag that makes the mock play a value of its catalogue. */
export const tagOf = (value: string): string => `+kyc-${value.replace(/^MOCK-/, "").toLowerCase()}`;

/** Does something for each, a few at a time. */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = 4,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** One run of the worker. */
export const runWorker = () => call("worker.run", { as: secretKey(), body: { budget_ms: 5_000 } });

/** Runs the worker until nothing is due and nobody holds a message. */
export async function drain(sql: postgres.Sql): Promise<void> {
  await vi.waitFor(
    async () => {
      await runWorker();
      const [row] = await sql<{ due: number }[]>`
        select count(*)::integer as due from private.outbox as message
        where status = 'pending'
          and (next_attempt_at <= private.now() or lease_id is not null)
          and not exists (
            select from private.provider_circuits as circuit
            where circuit.provider = message.provider and circuit.open_until > private.now()
          )
      `;
      expect(row?.due).toBe(0);
    },
    { timeout: 20_000, interval: 30 },
  );
}

/** Moves the clock of the database. */
export const shiftClock = (sql: postgres.Sql, by: string) =>
  sql`select private.shift_clock(${by}::text::interval)`;
