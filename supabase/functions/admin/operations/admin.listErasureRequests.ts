import type { AdminErasureRequest } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** Who has asked to be erased, and how far that is. */
export const listErasureRequests: Operation<"admin.listErasureRequests", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-requested_at", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listErasureRequests", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminErasureRequest>[]>`
      select item, position
      from private.list_erasure_requests(${tx.json(filter)}, ${sort === "-requested_at"}, ${count}, ${position})
    `,
  );
  return { status: 200, body };
};
