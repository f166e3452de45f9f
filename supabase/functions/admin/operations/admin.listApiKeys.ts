import type { AdminApiKey } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { AdminDeps } from "../deps.ts";

/** Machine keys, whatever state they are in. */
export const listApiKeys: Operation<"admin.listApiKeys", AdminDeps> = async ({
  tx,
  principal,
  query: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { status, sort = "-created_at" } = filters;
  const body = await readPage(
    cursors,
    { operation: "admin.listApiKeys", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<AdminApiKey>[]>`
      select item, cursor::text as position
      from private.list_machine_keys(${status ? tx.json(status) : null}, ${sort},
        ${position}::text::jsonb, ${count})
    `,
  );
  return { status: 200, body };
};
