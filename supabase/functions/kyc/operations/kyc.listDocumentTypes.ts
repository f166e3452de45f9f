import { only } from "../../_shared/db/only.ts";
import type { DocumentTypeInfo } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** The documents that are taken, and their limits. */
export const listDocumentTypes: Operation<"kyc.listDocumentTypes", KycDeps> = async ({ tx }) => {
  const { items } = only(
    await tx<{ items: DocumentTypeInfo[] }[]>`select private.kyc_list_document_types() as items`,
  );
  return { status: 200, body: { items } };
};
