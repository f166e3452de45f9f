import type { AdminWebhookDelivery } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** The log of what was sent to whom, and how it went. */
export const listWebhookDeliveries: Operation<"admin.listWebhookDeliveries", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-created_at", ...filter } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listWebhookDeliveries", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminWebhookDelivery>[]>`
      select item, cursor::text as position
      from private.list_webhook_deliveries(${tx.json(filter)}, ${sort}, ${position}::text::jsonb,
        ${count})
    `,
  );
  return { status: 200, body };
};
