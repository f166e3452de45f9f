import type { NffUser } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { UsersDeps } from "../deps.ts";

/** A page of people. */
export const listUsers: Operation<"users.listUsers", UsersDeps> = async ({
  tx,
  principal,
  body: { limit, cursor, ...filters },
  deps: { cursors },
}) => {
  const { sort, ...filter } = filters;
  const page = await readPage(
    cursors,
    { operation: "users.listUsers", callerId: principal.id, filters, limit, cursor },
    (position, count) => tx<ListRow<NffUser>[]>`
      select item, position::text as position
      from private.nff_list_users(${tx.json(filter)}, ${sort ?? "-created_at"},
        ${position}::text::jsonb, ${count})
    `,
  );
  return { status: 200, body: { status: "success", ...page } };
};
