import type { AdminUserSummary } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** A page of accounts. The database writes down who looked. */
export const listUsers: Operation<"admin.listUsers", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-created_at", status, ...rest } = filters;
  const filter = { ...rest, ...(status && { account_status: status }) };
  const body = await readPage(
    cursors,
    { operation: "admin.listUsers", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminUserSummary>[]>`
      select item, position::text as position
      from private.list_users(${tx.json(filter)}, ${sort}, ${position}::text::jsonb, ${count})
    `,
  );
  return { status: 200, body };
};
