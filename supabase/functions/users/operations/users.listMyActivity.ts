import type { ActivityEntry } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { UsersDeps } from "../deps.ts";

/** What was done by or to the signed-in person, as far as they may know. */
export const listMyActivity: Operation<"users.listMyActivity", UsersDeps> = async ({
  tx,
  principal,
  query: { limit, cursor },
  deps: { cursors },
}) => {
  const body = await readPage(
    cursors,
    { operation: "users.listMyActivity", callerId: principal.id, filters: {}, limit, cursor },
    (position, count) => tx<ListRow<ActivityEntry>[]>`
      select item, position from private.list_my_activity(${count}, ${position})
    `,
  );
  return { status: 200, body };
};
