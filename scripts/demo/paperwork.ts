import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { DemoFile } from "./files.ts";
import type { Rest } from "./rest.ts";

const Texts = z.object({ items: z.array(z.object({ document: z.string(), version: z.string() })) });
const Upload = z.object({
  document: z.object({ document_id: z.uuid() }),
  upload: z.object({ bucket: z.string(), path: z.string(), token: z.string() }),
});
const Document = z.object({ status: z.string() });
const Anything = z.unknown();

/** A person's ways to the backend. */
interface Applicant {
  readonly rest: Rest;
  /** For Storage; the upload needs no session, its token is in the URL. */
  readonly client: SupabaseClient;
}

/** The versions of the texts that are in force, by document: what a person is shown and agrees to. */
export async function textVersions(rest: Rest): Promise<ReadonlyMap<string, string>> {
  const { value } = await rest.get("/users/consent-documents", Texts);
  return new Map(value.items.map(({ document, version }) => [document, version]));
}

/** Agrees to the text of a document that is in force. */
export async function consentTo(
  rest: Rest,
  document: string,
  versions: ReadonlyMap<string, string>,
): Promise<void> {
  const version = versions.get(document);
  if (version === undefined) throw new Error(`There is no text of ${document} to agree to.`);
  await rest.post("/users/me/consents", Anything, { body: { document, version } });
}

/**
 * Adds the front of a document: announces the file, uploads it to Storage by the signed URL, and has it
 * checked.
 *
 * @returns The status of the document after the check.
 */
export async function addDocument(
  { rest, client }: Applicant,
  verificationId: string,
  type: string,
  file: DemoFile,
): Promise<string> {
  const path = `/kyc/verifications/${verificationId}/documents`;
  const { value } = await rest.post(path, Upload, {
    body: {
      type,
      side: "front",
      content_type: file.contentType,
      size_bytes: file.bytes.length,
      sha256: file.sha256,
    },
  });
  const { bucket, path: place, token } = value.upload;
  const { error } = await client.storage
    .from(bucket)
    .uploadToSignedUrl(place, token, file.bytes, { contentType: file.contentType });
  if (error) throw new Error(`The upload failed: ${error.message}`, { cause: error });
  const completed = await rest.post(`${path}/${value.document.document_id}/complete`, Document);
  return completed.value.status;
}
