import type { AdminKycSummary } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** The review queue. */
export const listKyc: Operation<"admin.listKyc", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "waiting_since", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listKyc", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminKycSummary>[]>`
      select item, cursor::text as position
      from private.kyc_list_cases(${tx.json(filter)}, ${sort}, ${position}::text::jsonb, ${count})
    `,
  );
  return { status: 200, body };
};
