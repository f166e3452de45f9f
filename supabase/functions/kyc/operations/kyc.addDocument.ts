import { only } from "../../_shared/db/only.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { Document } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { DOCUMENTS_BUCKET } from "../../_shared/storage/storage.ts";
import type { KycDeps } from "../deps.ts";

type Announced = { document: Document; storage_path: string };

/**
 * Announces a document and says where to upload it.
 *
 * The URL is made in the name of the user, so the bucket's policy, which wants to see the announced
 * row, has the last word, and the file belongs to the user. Therefore it is made after the commit,
 * and again for a repeated request: an answer that was stored could hold a link that has expired.
 */
export const addDocument: UnboundOperation<"kyc.addDocument", KycDeps> = unbound(
  async ({ principal, params: { verification_id: id }, body: file, deps: { storage }, once }) => {
    const { value: announced, headers } = await once(async (tx) => {
      const { value } = only(
        await tx<{ value: Announced }[]>`
          select private.kyc_add_document(${id}, ${file.type}, ${file.side}, ${file.content_type},
            ${file.size_bytes}, ${file.sha256}) as value
        `,
      );
      return value;
    });
    const { document, storage_path: path } = announced;
    const signed = await storage.signUpload(path, principal.token);
    if (signed === null) {
      throw new ApiError("verification_not_editable", {
        detail: "This document takes no upload any more.",
        extensions: { resource_id: document.document_id },
      });
    }
    const upload = {
      bucket: DOCUMENTS_BUCKET,
      path,
      token: signed.token,
      url: signed.url,
      method: "PUT",
      expires_at: signed.expiresAt.toISOString(),
    } as const;
    const location = `/functions/v1/kyc/verifications/${id}/documents/${document.document_id}`;
    return { status: 201, body: { document, upload }, headers: { ...headers, location } };
  },
);
