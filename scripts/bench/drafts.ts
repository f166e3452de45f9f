import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { billPdf, type DemoFile, passportPhoto } from "../demo/files.ts";
import { Rest } from "../demo/rest.ts";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";
import { createPeople, type Person } from "./people.ts";

const CONSENT_VERSION = "2026-11-01";
const Verification = z.object({ verification_id: z.uuid() });
const Upload = z.object({
  document: z.object({ document_id: z.uuid() }),
  upload: z.object({ bucket: z.string(), path: z.string(), token: z.string() }),
});
const Status = z.object({
  requirements: z.array(z.object({ kind: z.string(), field: z.string().nullable() })),
});
const Anything = z.unknown();

/** A verification that lacks nothing but its submission. */
export interface Draft {
  readonly rest: Rest;
  readonly userId: string;
  readonly token: string;
  readonly verificationId: string;
}

async function upload(
  { stack }: BenchContext,
  { rest, verificationId }: Draft,
  type: string,
  file: DemoFile,
): Promise<void> {
  const path = `/kyc/verifications/${verificationId}/documents`;
  const body = {
    type,
    side: "front",
    content_type: file.contentType,
    size_bytes: file.bytes.length,
    sha256: file.sha256,
  };
  const { value } = await rest.post(path, Upload, { body });
  const { error } = await createClient(stack.apiUrl, stack.publishableKey)
    .storage.from(value.upload.bucket)
    .uploadToSignedUrl(value.upload.path, value.upload.token, file.bytes, {
      contentType: file.contentType,
    });
  if (error) throw error;
  await rest.post(`${path}/${value.document.document_id}/complete`, Anything);
}

async function prepare(context: BenchContext, person: Person): Promise<Draft> {
  const { stack } = context;
  const rest = new Rest(stack.apiUrl, stack.publishableKey, person.token);
  const { value } = await rest.post("/kyc/verifications", Verification);
  const draft = { rest, ...person, verificationId: value.verification_id };
  const status = await rest.get("/kyc/status", Status);
  for (const { kind, field } of status.value.requirements) {
    if (kind !== "consent") continue;
    await rest.post("/users/me/consents", Anything, {
      body: { document: field, version: CONSENT_VERSION },
    });
  }
  await upload(context, draft, "passport", await passportPhoto(person.userId));
  await upload(context, draft, "proof_of_address", billPdf(person.userId));
  return draft;
}

/** Makes so many people with a complete draft each. `tag` chooses what the mock provider does. */
export async function createDrafts(
  context: BenchContext,
  count: number,
  tag?: string,
): Promise<Draft[]> {
  context.log(`preparing ${count} people with documents …`);
  const people = await createPeople(context, count, tag);
  return inParallel(4, people, (person) => prepare(context, person));
}

/** Submits in the database, which wakes nobody: the message to the provider waits in the outbox. */
export async function submitQuietly(
  { sql }: BenchContext,
  drafts: readonly Draft[],
): Promise<void> {
  for (const { userId, verificationId } of drafts) {
    const claims = JSON.stringify({ sub: userId, role: "authenticated" });
    await sql.begin(async (tx) => {
      await tx`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
      await tx`select private.kyc_submit(${verificationId})`;
    });
  }
}
