import { SERVICE } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import type { WorkerJobReport } from "../../_shared/generated/contract.ts";
import { describeError } from "../../_shared/log/logger.ts";
import type { Drain } from "./drain-outbox.ts";

/** What `private.audit_anchor_begin` answers, as far as it matters here. */
type Begun = { readonly number: number; readonly complete: boolean };

type Pending = { readonly number: string; readonly document: string };

/** What a drain needs, besides the time. */
type Anchoring = Pick<Drain, "deps" | "transaction" | "log" | "until">;

const JOB = "anchor_audit";
/** Ends in one anchor: about a megabyte and a half. */
const MAX_HEADS = 10_000;
/** Reads all ends of the audit. */
const TIMEOUT_MS = "60000";

/**
 * Makes the anchor of the audit that is due, and stores those that are not stored yet, the oldest
 * first, so that a chain of anchors outside never has a hole. An anchor that cannot be stored stays
 * for the next run and stops nothing else.
 *
 * @returns one entry if there was anything to do
 */
export async function anchorAudit(anchoring: Anchoring): Promise<WorkerJobReport[]> {
  let affected = 0;
  try {
    for (let isMore = true; isMore && Date.now() < anchoring.until; ) {
      isMore = await makeAnchor(anchoring);
      affected += await storeAnchors(anchoring);
    }
  } catch (error) {
    anchoring.log.error("anchor not stored", { task: JOB, error: describeError(error) });
  }
  return affected > 0 ? [{ job: JOB, affected }] : [];
}

/** Returns whether more has changed than one anchor holds. */
function makeAnchor({ transaction, deps: { anchors } }: Anchoring): Promise<boolean> {
  return transaction(SERVICE, async (tx) => {
    await tx`select set_config('statement_timeout', ${TIMEOUT_MS}, true)`;
    const { body } = only(
      await tx<{ body: Begun | null }[]>`
        select private.audit_anchor_begin(${MAX_HEADS}) as body
      `,
    );
    if (body === null) return false;
    const { number, complete } = body;
    await tx`select private.audit_anchor_sign(${number}, ${complete}, ${await anchors.sign(body)})`;
    return !complete;
  });
}

async function storeAnchors({ transaction, deps: { anchors } }: Anchoring): Promise<number> {
  for (let stored = 0; ; stored += 1) {
    const [pending] = await transaction(
      SERVICE,
      (tx) => tx<Pending[]>`select number::text, document from private.audit_anchor_pending()`,
    );
    if (pending === undefined) return stored;
    await anchors.store(pending.number, pending.document);
    await transaction(SERVICE, (tx) => tx`select private.audit_anchor_stored(${pending.number})`);
  }
}
