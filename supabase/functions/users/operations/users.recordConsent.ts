import { only } from "../../_shared/db/only.ts";
import type { Consent } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/** Appends a consent. */
export const recordConsent: Operation<"users.recordConsent", UsersDeps> = async ({
  tx,
  body: { document, version },
}) => {
  const { body } = only(
    await tx<{ body: Consent }[]>`
      select private.record_consent(${document}, ${version}) as body
    `,
  );
  return { status: 201, body };
};
