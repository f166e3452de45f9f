import { SERVICE } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { WorkerOutboxReport } from "../../_shared/generated/contract.ts";
import { describeError, type Logger } from "../../_shared/log/logger.ts";
import { ProviderError } from "../../_shared/providers/kyc-provider.ts";
import type { WorkerDeps } from "../deps.ts";
import type { Message } from "./message.ts";
import { type Sending, sendMessage } from "./send-message.ts";
import { shareCalls } from "./shared-calls.ts";

/** What a drain needs. */
export type Drain = {
  readonly deps: WorkerDeps;
  readonly transaction: RunTransaction;
  readonly log: Logger;
  /** Milliseconds since the epoch; nothing new is begun after it. */
  readonly until: number;
};

/** What a drain has done; `more`: there may be messages left. */
export type DrainReport = WorkerOutboxReport & { more: boolean };

type Outcome = "sent" | "retried" | "dead";

/** Messages under way at a time; each is mostly waiting for the provider. */
const MAX_RUNNING = 32;

/**
 * Sends what is due until nothing is left or the time is up. Messages are claimed as places become
 * free, so one that hangs holds up no other. A claim is a lease: should this process die, another
 * takes its messages over, and their keys keep the provider from doing anything twice.
 */
export async function drainOutbox(drain: Drain): Promise<DrainReport> {
  const report: DrainReport = { claimed: 0, sent: 0, retried: 0, dead: 0, more: false };
  const running = new Set<Promise<void>>();
  const sending = { ...drain, shared: shareCalls(drain) };
  for (;;) {
    const isInTime = Date.now() < drain.until;
    const messages = isInTime ? await claim(drain, MAX_RUNNING - running.size) : [];
    report.claimed += messages.length;
    for (const message of messages) {
      const work = handle(sending, message).then((outcome) => {
        report[outcome] += 1;
        running.delete(work);
      });
      running.add(work);
    }
    if (running.size === 0) return { ...report, more: !isInTime };
    await Promise.race(running);
    // Messages end together, as they are acknowledged together: their places are given away at once.
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function claim({ transaction }: Drain, limit: number): Promise<Message[]> {
  return transaction(SERVICE, (tx) => tx<Message[]>`select * from private.outbox_claim(${limit})`);
}

async function handle(sending: Drain & Sending, message: Message): Promise<Outcome> {
  const { message_id: id, topic, attempts } = message;
  const log = sending.log.child({ task: topic, resource_id: id, attempt: attempts });
  try {
    await sendMessage(sending, message);
    log.info("message sent");
    return "sent";
  } catch (error) {
    log.warn("message not sent", { error: describeError(error) });
    // Nobody waits for this promise alone, so it may not fail. The lease runs out by itself.
    return reportFailure(sending, message, error).catch((cause: unknown) => {
      log.error("failure not noted", { error: describeError(cause) });
      return "retried";
    });
  }
}

async function reportFailure(
  { transaction }: Drain,
  { message_id, lease_id }: Message,
  error: unknown,
): Promise<Outcome> {
  const { status, retryAfterSeconds } =
    error instanceof ProviderError ? error : { status: null, retryAfterSeconds: null };
  const { failed } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ failed: { status: string } }[]>`
        select private.outbox_failed(${message_id}, ${lease_id}, ${status}, ${reasonOf(error)},
          ${retryAfterSeconds}) as failed
      `,
    ),
  );
  return failed.status === "dead" ? "dead" : "retried";
}

/** Our own sentences may be stored; those of others could quote a person's data. */
function reasonOf(error: unknown): string {
  if (error instanceof ProviderError || error instanceof ApiError) return error.message;
  return error instanceof Error ? error.name : "unknown";
}
