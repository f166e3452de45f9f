import type { TimelineEntry } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { type ListRow, readPage } from "../../_shared/http/page.ts";
import type { KycDeps } from "../deps.ts";

/** What has happened to a verification, as far as its owner may know. */
export const getTimeline: Operation<"kyc.getTimeline", KycDeps> = async ({
  tx,
  principal,
  params: { verification_id: id },
  query: { limit, cursor },
  deps: { cursors },
}) => {
  const body = await readPage(
    cursors,
    { operation: "kyc.getTimeline", callerId: principal.id, filters: { id }, limit, cursor },
    (position, count) => tx<ListRow<TimelineEntry>[]>`
      select entry as item, sequence::text as position
      from private.kyc_timeline(${id}, ${count}, ${position ?? "0"})
    `,
  );
  return { status: 200, body };
};
