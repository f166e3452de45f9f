import type { VerificationSummary } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { KycDeps } from "../deps.ts";

/** The verifications of the signed-in person, open and closed. */
export const listVerifications: Operation<"kyc.listVerifications", KycDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, sort = "-created_at" },
  deps: { cursors },
}) => {
  const body = await readPage(
    cursors,
    {
      operation: "kyc.listVerifications",
      callerId: principal.id,
      filters: { sort },
      limit,
      cursor,
    },
    (position, count) => tx<ListRow<VerificationSummary>[]>`
      select item, position::text as position
      from private.kyc_list_verifications(${sort === "-created_at"}, ${position}::uuid, ${count})
    `,
  );
  return { status: 200, body };
};
