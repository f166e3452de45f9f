import type { AdminWebhookEndpoint } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** The receivers of events, without their secrets. */
export const listWebhookEndpoints: Operation<"admin.listWebhookEndpoints", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort = "-created_at" } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listWebhookEndpoints", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminWebhookEndpoint>[]>`
      select item, cursor::text as position
      from private.list_webhook_endpoints(${sort}, ${position}::text::jsonb, ${count})
    `,
  );
  return { status: 200, body };
};
