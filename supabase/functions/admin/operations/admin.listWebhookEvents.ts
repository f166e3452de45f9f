import type { AdminWebhookEvent } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** A page of the inbox. */
export const listWebhookEvents: Operation<"admin.listWebhookEvents", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-received_at", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listWebhookEvents", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminWebhookEvent>[]>`
      select item, position
      from private.list_webhook_events(${tx.json(filter)}, ${sort === "-received_at"}, ${count}, ${position})
    `,
  );
  return { status: 200, body };
};
