import type { Consent } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { UsersDeps } from "../deps.ts";

/** What the signed-in person has agreed to, newest first. */
export const listConsents: Operation<"users.listConsents", UsersDeps> = async ({
  tx,
  principal,
  query: { limit, cursor },
  deps: { cursors },
}) => {
  const body = await readPage(
    cursors,
    { operation: "users.listConsents", callerId: principal.id, filters: {}, limit, cursor },
    // A person has a handful of consents, so cutting pages out of all of them costs nothing.
    (position, count) => tx<ListRow<Consent>[]>`
      select item, item ->> 'consent_id' as position
      from jsonb_array_elements(private.list_my_consents()) as item
      where ${position}::uuid is null or (item ->> 'consent_id')::uuid < ${position}::uuid
      limit ${count}
    `,
  );
  return { status: 200, body };
};
