import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** Takes a document back. Its file goes by a message that is written along with it. */
export const deleteDocument: Operation<"kyc.deleteDocument", KycDeps> = async ({
  tx,
  params: { verification_id: verificationId, document_id: documentId },
  deps: { wakeWorker },
  afterCommit,
}) => {
  await tx`select private.kyc_delete_document(${verificationId}, ${documentId})`;
  afterCommit(wakeWorker);
  return { status: 204, body: null };
};
