import { SERVICE } from "../../_shared/auth/principal.ts";
import { inBackground } from "../../_shared/background.ts";
import { only } from "../../_shared/db/only.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import type { WorkerWebhookReport } from "../../_shared/generated/contract.ts";
import { describeError, type Logger } from "../../_shared/log/logger.ts";
import type {
  Attempt,
  DeliverMessage,
  WebhookMessage,
} from "../../_shared/webhooks/deliver-message.ts";

/** What delivering needs. */
type Delivering = {
  readonly deps: { readonly deliver: DeliverMessage };
  readonly transaction: RunTransaction;
  readonly log: Logger;
  /** Milliseconds since the epoch; nothing new is begun after it. */
  readonly until: number;
};

type Delivery = WebhookMessage & {
  readonly delivery_id: string;
  readonly lease_id: string;
  readonly endpoint_id: string;
  readonly attempts: number;
};

type Outcome = "delivered" | "retried" | "failed";

/**
 * Room for all endpoints there may be with all requests that one may get at a time (settings
 * `webhook_max_endpoints`, `webhook_concurrency`), so none ever waits for the answer of another.
 */
const MAX_RUNNING = 80;
/** How long a run waits for receivers; what takes longer goes on without it. */
const PATIENCE_MS = 2_000;

/**
 * Delivers what is due. The database hands out a few deliveries per endpoint at a time; a receiver
 * that hangs keeps its own places busy and nobody else's, and does not hold up the run either. A
 * claim is a lease: should this process die, another takes the deliveries over.
 */
export async function deliverWebhooks(delivering: Delivering): Promise<WorkerWebhookReport> {
  const report = { claimed: 0, delivered: 0, retried: 0, failed: 0 };
  const first = await claim(delivering, MAX_RUNNING);
  const work = drain(delivering, first, report).catch((error: unknown) => {
    delivering.log.error("webhooks not delivered", { error: describeError(error) });
  });
  inBackground(work);
  await withPatience(work);
  return { ...report };
}

async function drain(
  delivering: Delivering,
  first: readonly Delivery[],
  report: Record<Outcome | "claimed", number>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let due = first;
  for (;;) {
    report.claimed += due.length;
    for (const delivery of due) {
      const work = handle(delivering, delivery).then((outcome) => {
        if (outcome) report[outcome] += 1;
        running.delete(work);
      });
      running.add(work);
    }
    if (running.size === 0) return;
    await Promise.race(running);
    const isInTime = Date.now() < delivering.until;
    due = isInTime ? await claim(delivering, MAX_RUNNING - running.size) : [];
  }
}

function claim({ transaction }: Delivering, limit: number): Promise<Delivery[]> {
  return transaction(
    SERVICE,
    (tx) => tx<Delivery[]>`
      select delivery_id, lease_id, endpoint_id, message_id, url, to_jsonb(secrets) as secrets, body,
        attempts
      from private.webhook_claim(${limit})
    `,
  );
}

/** One attempt. The log names no URL: some carry a key of the receiver. */
async function handle(delivering: Delivering, delivery: Delivery): Promise<Outcome | null> {
  const { delivery_id, attempts: attempt } = delivery;
  const log = delivering.log.child({ task: "webhook", resource_id: delivery_id, attempt });
  const made = await delivering.deps.deliver(delivery);
  try {
    const outcome = await settle(delivering, delivery, made);
    log.info("webhook", {
      result: outcome ?? "superseded",
      ...(made.status !== null && { status: made.status }),
    });
    return outcome;
  } catch (error) {
    // Nobody waits for this promise alone, so it may not fail. The lease runs out by itself.
    log.error("webhook not settled", { error: describeError(error) });
    return null;
  }
}

async function settle(
  { transaction }: Delivering,
  { delivery_id, lease_id }: Delivery,
  { status, durationMs, error, retryAfterSeconds }: Attempt,
): Promise<Outcome | null> {
  const { outcome } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ outcome: Outcome | "superseded" }[]>`
        select private.webhook_settle(${delivery_id}, ${lease_id}, ${status}, ${durationMs}, ${error},
          ${retryAfterSeconds}) as outcome
      `,
    ),
  );
  return outcome === "superseded" ? null : outcome;
}

function withPatience(work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
