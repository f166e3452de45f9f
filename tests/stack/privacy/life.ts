import { createHash, randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import type postgres from "postgres";
import { expect } from "vitest";
import type { Verification } from "../../../supabase/functions/_shared/generated/contract.ts";
import { call } from "../../helpers/api.ts";
import { type Account, createStaff } from "../../helpers/api-accounts.ts";
import { picture, type TestFile } from "../../helpers/api-files.ts";
import {
  addDocument,
  announce,
  newKey,
  startVerification,
  submit,
  upload,
  waitForStatus,
} from "../../helpers/api-kyc.ts";
import { readyExport } from "../../helpers/api-privacy.ts";
import { stackEnv } from "../../helpers/stack-env.ts";

/** A word that nothing else in the stack holds, in letters, and one in digits where letters do not go. */
export interface Canary {
  readonly word: string;
  readonly digits: string;
}

export function newCanary(): Canary {
  const digits = Array.from({ length: 11 }, () => Math.floor(Math.random() * 9) + 1).join("");
  return { word: `canary${randomUUID().replaceAll("-", "").slice(0, 12)}`, digits };
}

/** A readable picture with the canary in a comment. */
async function pictureWith({ word }: Canary): Promise<TestFile> {
  const plain = await picture();
  const comment = Buffer.from(`Passport of ${word}`);
  const segment = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  const bytes = Buffer.concat([
    plain.bytes.subarray(0, 2),
    segment,
    comment,
    plain.bytes.subarray(2),
  ]);
  return { ...plain, bytes, sha256: sha256Of(bytes) };
}

const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

function pdfWith({ word }: Canary): TestFile {
  const bytes = Buffer.from(`%PDF-1.4\n% ${word}\n${"0".repeat(4_000)}\n%%EOF\n`);
  return { bytes, contentType: "application/pdf", sha256: sha256Of(bytes) };
}

const PASSWORD = "Correct-Horse-Battery-9!";

/** Signs up with the canary in the address, the metadata and the name of the device. */
async function signUp({ word }: Canary): Promise<Account> {
  const { supabaseUrl, publishableKey, secretKey } = stackEnv();
  const email = `${word}@example.com`;
  const admin = createClient(supabaseUrl, secretKey, { auth: { persistSession: false } });
  const created = await admin.auth.admin.createUser({
    email,
    password: PASSWORD,
    email_confirm: true,
    user_metadata: { first_name: word, last_name: word, nickname: word },
    app_metadata: { source: word },
  });
  if (created.error) throw created.error;
  const client = createClient(supabaseUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers: { "user-agent": `Phone of ${word}` } },
  });
  const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
  if (error) throw error;
  const { access_token: token } = data.session;
  const credential = { authorization: `Bearer ${token}` };
  return { id: data.user.id, email, token, credential, client };
}

/** Puts the canary into every field of Auth that takes words. */
async function fillAuth({ client }: Account, { word }: Canary): Promise<void> {
  const changed = await client.auth.updateUser({ data: { about: word } });
  expect(changed.error).toBeNull();
  const factor = await client.auth.mfa.enroll({ factorType: "totp", friendlyName: word });
  expect(factor.error).toBeNull();
  // Left half-way: the new address waits for its confirmation.
  const moved = await client.auth.updateUser({ email: `new-${word}@example.com` });
  expect(moved.error).toBeNull();
}

/** Puts it into profile and address, and through every way in that refuses it. */
async function fillProfile({ credential: as, client, id }: Account, canary: Canary): Promise<void> {
  const { word, digits } = canary;
  const any = { "if-match": "*" };
  const patch = {
    first_name: word,
    middle_name: word,
    last_name: word,
    salutation: word,
    date_of_birth: "1990-04-23",
    phone: `+${digits}`,
  };
  expect((await call("users.updateMe", { as, headers: any, body: patch })).status).toBe(200);
  const address = {
    address_name: word,
    street_address_1: word,
    street_address_2: word,
    city: word,
    state_region: word,
    postal_code: digits,
    country: "DE",
  };
  expect((await call("users.putMyAddress", { as, headers: any, body: address })).status).toBe(200);
  await call("users.updateMe", { as, headers: any, body: { first_name: `\u0007${word}` } });
  await call("users.updateMe", { as, headers: any, raw: `{"first_name": "${word}` });
  await call("users.getMe", { as, query: `?name=${word}` });
  const refused = await client.from("profiles").update({ phone: word }).eq("user_id", id);
  expect(refused.error).not.toBeNull();
  const unknown = await client.from("profiles").select("nothing").eq("last_name", word);
  expect(unknown.error).not.toBeNull();
}

/** Goes through a verification with it in the files; ends as the tag of the address says. */
async function fillVerification(account: Account, canary: Canary): Promise<Verification> {
  const { credential: as } = account;
  for (const document of ["terms", "privacy", "kyc_processing"]) {
    const headers = { "idempotency-key": `${canary.word} ${document}` };
    await call("users.recordConsent", { as, headers, body: { document, version: "2026-11-01" } });
  }
  const verification = await startVerification(account);
  const id = verification.verification_id;
  await addDocument(account, id, await pictureWith(canary));
  const bill = pdfWith(canary);
  const announced = await announce(account, id, bill, { type: "proof_of_address" });
  await upload(account, announced, bill);
  const { document_id } = announced.document;
  await call("kyc.completeDocument", { as, params: { verification_id: id, document_id } });
  // Announced, never uploaded.
  await announce(account, id, pdfWith(canary), { type: "selfie" });
  return verification;
}

/** What staff and provider write about somebody. */
async function fillFile(sql: postgres.Sql, verificationId: string, { word }: Canary) {
  const reviewer = await createStaff(sql, "reviewer");
  await sql`
    insert into private.kyc_notes (verification_id, author_id, body)
    values (${verificationId}, ${reviewer.id}, ${`${word} called.`})
  `;
  await sql`
    insert into private.kyc_reviews (verification_id, reviewer_id, action, note, attempt, version)
    values (${verificationId}, ${reviewer.id}, 'approve', ${`${word} is fine.`}, 1, 1)
  `;
  await sql`
    insert into private.kyc_approvals (verification_id, action, from_status, to_status, reason_code, note, attempt,
      version, case_hash, requested_by, expires_at)
    select verification_id, 'revoke', status, 'revoked', 'other', ${`${word} asks for it.`}, attempt, version,
      private.kyc_case_hash(v), ${reviewer.id}, private.now()
    from public.kyc_verifications as v where verification_id = ${verificationId}
  `;
  await sql`update private.outbox set last_error = ${`No answer about ${word}.`}
    where subject_id = ${verificationId}`;
  const event = {
    event_id: `evt_${randomUUID()}`,
    type: "verification.approved",
    occurred_at: new Date().toISOString(),
    provider_reference: null,
    verification_id: verificationId,
    attempt: 1,
    sequence: 99,
    outcome: "processing",
    reason_codes: [],
    rejected_documents: [],
    checks: [{ name: "document", result: "clear" }],
    extracted: { first_name: word, last_name: word, document_number: word },
  };
  const [attempt] = await sql<{ provider_reference: string }[]>`
    select provider_reference from private.kyc_attempts where verification_id = ${verificationId}`;
  const body = { ...event, provider_reference: attempt?.provider_reference ?? null };
  await sql`select private.kyc_ingest_event('mock', ${sql.json(body)}, ${JSON.stringify(body)})`;
}

/** Somebody who was verified, with a canary wherever one can be left. */
export async function liveVerified(sql: postgres.Sql, canary: Canary): Promise<Account> {
  const account = await signUp(canary);
  await fillProfile(account, canary);
  const verification = await fillVerification(account, canary);
  await submit(account, verification);
  await waitForStatus(account, verification, "approved");
  await fillFile(sql, verification.verification_id, canary);
  await fillAuth(account, canary);
  await readyExport(account);
  return account;
}

/** Somebody who began and never came to the end. */
export async function liveUnverified(canary: Canary): Promise<Account> {
  const account = await signUp(canary);
  await fillProfile(account, canary);
  await fillVerification(account, canary);
  await fillAuth(account, canary);
  await call("users.createExport", { as: account.credential, headers: newKey() });
  return account;
}
