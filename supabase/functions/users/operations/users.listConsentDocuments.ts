import { only } from "../../_shared/db/only.ts";
import type { ConsentDocumentInfo } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/** The texts that people consent to, in the versions that are in force. */
export const listConsentDocuments: Operation<"users.listConsentDocuments", UsersDeps> = async ({
  tx,
}) => {
  const { items } = only(
    await tx<{ items: ConsentDocumentInfo[] }[]>`
      select private.list_consent_documents() as items
    `,
  );
  return { status: 200, body: { items } };
};
