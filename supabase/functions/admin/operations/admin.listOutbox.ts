import type { AdminOutboxMessage } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** A page of the outbox. */
export const listOutbox: Operation<"admin.listOutbox", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-created_at", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listOutbox", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminOutboxMessage>[]>`
      select item, position
      from private.list_outbox(${tx.json(filter)}, ${sort === "-created_at"}, ${count}, ${position})
    `,
  );
  return { status: 200, body };
};
