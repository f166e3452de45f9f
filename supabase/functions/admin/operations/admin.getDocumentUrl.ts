import { only } from "../../_shared/db/only.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { AdminDocumentUrl } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Long enough to show a document, too short to hand the link round. */
const LIFETIME_SECONDS = 60;

type Link = { storage_path: string } & Pick<AdminDocumentUrl, "content_type" | "sha256">;

/** Answers a link to a document. Without the link the entry in the audit is taken back too. */
export const getDocumentUrl: Operation<"admin.getDocumentUrl", AdminDeps> = async ({
  tx,
  params: { verification_id: verificationId, document_id },
  deps: { storage },
}) => {
  const { link } = only(
    await tx<{ link: Link }[]>`
      select private.kyc_document_link(${verificationId}, ${document_id}) as link
    `,
  );
  const { storage_path: path, content_type, sha256 } = link;
  // Counted from before the call, so that the link never ends sooner than it says.
  const expires_at = new Date(Date.now() + LIFETIME_SECONDS * 1_000).toISOString();
  const url = await storage.signDownload(path, LIFETIME_SECONDS);
  if (url === null) throw new ApiError("not_found", { detail: "The file is gone." });
  return { status: 200, body: { document_id, url, expires_at, content_type, sha256 } };
};
