import { databaseCaller } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import { sha256Hex } from "../../_shared/domain/digest.ts";
import { inspectFile } from "../../_shared/domain/documents.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { Document } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

type Stored = { document: Document; storage_path: string; is_editable: boolean };
type Problem = keyof typeof PROBLEMS;
type Checked = { document: Document; problem: Problem | null };

/** What the database finds wrong with a file, for the person who made the front end. */
const PROBLEMS = {
  size: "The file has another size than announced.",
  unreadable: "The file is no whole, plain JPEG, PNG or PDF.",
  content_type: "The file is of another type than announced.",
  dimensions: "The picture has too few or too many pixels.",
  sha256: "The file is not the one that was announced.",
  metadata: "The picture has EXIF, XMP or IPTC data; remove it before the upload.",
} as const;

/**
 * Looks at the stored bytes and lets the database judge them. The file is read between two
 * transactions, because none should stay open while megabytes come in.
 */
export const completeDocument: UnboundOperation<"kyc.completeDocument", KycDeps> = unbound(
  async ({ principal, params, deps: { storage }, transaction }) => {
    const { verification_id: verificationId, document_id: documentId } = params;
    const caller = databaseCaller(principal);
    const { value: stored } = only(
      await transaction(
        caller,
        (tx) => tx<{ value: Stored }[]>`
          select private.kyc_get_document(${verificationId}, ${documentId}) as value
        `,
      ),
    );
    const { document } = stored;
    if (document.status === "uploaded" || document.status === "accepted") {
      return { status: 200, body: document };
    }
    if (!stored.is_editable) throw new ApiError("verification_not_editable");

    const bytes = await storage.download(stored.storage_path, principal.token, document.size_bytes);
    if (bytes === null) throw new ApiError("document_not_uploaded");
    const { mediaType, widthPx, heightPx, isIntact, hasMetadata } = inspectFile(bytes);
    const facts = {
      size_bytes: bytes.byteLength,
      content_type: mediaType,
      width_px: widthPx,
      height_px: heightPx,
      is_intact: isIntact,
      has_metadata: hasMetadata,
      sha256: await sha256Hex(bytes),
    };

    const { value: checked } = only(
      await transaction(
        caller,
        (tx) => tx<{ value: Checked }[]>`
          select private.kyc_complete_document(${verificationId}, ${documentId}, ${tx.json(facts)})
            as value
        `,
      ),
    );
    if (checked.problem === null) return { status: 200, body: checked.document };
    const detail = PROBLEMS[checked.problem];
    throw new ApiError("document_invalid", {
      detail,
      errors: [{ pointer: "file", code: checked.problem, detail }],
    });
  },
);
