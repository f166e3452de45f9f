import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import type {
  Document,
  DocumentUpload,
  KycStatus,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { call } from "./api.ts";
import type { Account } from "./api-accounts.ts";
import { picture, type TestFile } from "./api-files.ts";

/** A new Idempotency-Key. */
export const newKey = (): Record<string, string> => ({ "idempotency-key": randomUUID() });

export const ADDRESS = {
  address_name: "Home",
  street_address_1: "Lindenstraße 12",
  city: "Berlin",
  state_region: "Berlin",
  postal_code: "10969",
  country: "DE",
};

/** Tells everything that a submission needs to know of the person. */
export async function completeProfile({ credential: as }: Account): Promise<void> {
  const patch = { first_name: "Anna", last_name: "Schmidt", date_of_birth: "1990-04-23" };
  const any = { "if-match": "*" };
  expect((await call("users.updateMe", { as, headers: any, body: patch })).status).toBe(200);
  expect((await call("users.putMyAddress", { as, headers: any, body: ADDRESS })).status).toBe(200);
  for (const document of ["terms", "privacy", "kyc_processing"]) {
    const body = { document, version: "2026-11-01" };
    const { status } = await call("users.recordConsent", { as, headers: newKey(), body });
    expect(status).toBe(201);
  }
}

export async function startVerification({ credential: as }: Account): Promise<Verification> {
  const { status, body } = await call("kyc.createVerification", { as, headers: newKey() });
  expect(status).toBe(201);
  return body;
}

/** What a file is announced as. */
export function announcement(file: TestFile, changes: Record<string, unknown> = {}) {
  return {
    type: "passport",
    side: "front",
    content_type: file.contentType,
    size_bytes: file.bytes.byteLength,
    sha256: file.sha256,
    ...changes,
  };
}

/** Announces a document. */
export async function announce(
  { credential: as }: Account,
  verificationId: string,
  file: TestFile,
  changes: Record<string, unknown> = {},
): Promise<DocumentUpload> {
  const { status, body } = await call("kyc.addDocument", {
    as,
    params: { verification_id: verificationId },
    headers: newKey(),
    body: announcement(file, changes),
  });
  expect(status).toBe(201);
  return body;
}

/** Uploads a file as a front end does, with supabase-js and the signed URL. */
export async function upload(
  { client }: Account,
  { upload: { bucket, path, token } }: DocumentUpload,
  file: TestFile,
): Promise<void> {
  const { error } = await client.storage
    .from(bucket)
    .uploadToSignedUrl(path, token, file.bytes, { contentType: file.contentType });
  expect(error).toBeNull();
}

/** Adds a document with everything that belongs to it. */
export async function addDocument(
  account: Account,
  verificationId: string,
  file?: TestFile,
): Promise<Document> {
  const chosen = file ?? (await picture());
  const announced = await announce(account, verificationId, chosen);
  await upload(account, announced, chosen);
  const { status, body } = await call("kyc.completeDocument", {
    as: account.credential,
    params: { verification_id: verificationId, document_id: announced.document.document_id },
  });
  expect(status).toBe(200);
  return body;
}

/** A draft that lacks nothing. */
export async function readyToSubmit(account: Account): Promise<Verification> {
  await completeProfile(account);
  const verification = await startVerification(account);
  await addDocument(account, verification.verification_id);
  return verification;
}

export async function submit(
  { credential: as }: Account,
  { verification_id }: Verification,
): Promise<Verification> {
  const { status, body } = await call("kyc.submitVerification", {
    as,
    params: { verification_id },
    headers: newKey(),
  });
  expect(status).toBe(200);
  return body;
}

/** Waits until the provider's verdict has arrived. */
export async function waitForStatus(
  { credential: as }: Account,
  { verification_id }: Verification,
  status: KycStatus,
): Promise<void> {
  await vi.waitFor(
    async () => {
      const { body } = await call("kyc.getVerification", { as, params: { verification_id } });
      expect(body.status).toBe(status);
    },
    { timeout: 10_000, interval: 25 },
  );
}

/** A verification that has been submitted and has come to this status. */
export async function verificationIn(account: Account, status: KycStatus): Promise<Verification> {
  const draft = await readyToSubmit(account);
  await submit(account, draft);
  await waitForStatus(account, draft, status);
  const { verification_id } = draft;
  const { body } = await call("kyc.getVerification", {
    as: account.credential,
    params: { verification_id },
  });
  return body;
}
