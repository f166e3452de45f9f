import type { AuditEntry } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** A page of the audit log. */
export const listAudit: Operation<"admin.listAudit", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-at", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listAudit", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AuditEntry>[]>`
      select item, position
      from private.list_audit(${tx.json(filter)}, ${sort === "-at"}, ${count}, ${position})
    `,
  );
  return { status: 200, body };
};
