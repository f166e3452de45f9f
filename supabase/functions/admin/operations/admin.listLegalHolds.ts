import type { AdminLegalHold } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** The holds that stop erasures, and those that did. */
export const listLegalHolds: Operation<"admin.listLegalHolds", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { user_id: userId = null, is_active: isActive = null } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listLegalHolds", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminLegalHold>[]>`
      select item, position
      from private.list_legal_holds(${userId}, ${isActive}, ${count}, ${position})
    `,
  );
  return { status: 200, body };
};
