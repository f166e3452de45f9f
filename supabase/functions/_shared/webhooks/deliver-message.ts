import { findTarget, type TargetRules, UnsafeUrlError } from "./find-target.ts";
import { PostError, type PostLimits, postMessage } from "./post-message.ts";
import type { AnswerHead } from "./read-answer.ts";
import { signMessage } from "./sign-message.ts";

/** A message on its way to one endpoint; see `private.webhook_claim`. */
export type WebhookMessage = {
  readonly message_id: string;
  readonly url: string;
  /** The keys that sign, the present one first. */
  readonly secrets: readonly string[];
  readonly body: string;
};

/** How an attempt went, in the words of the log of deliveries. */
export type Attempt = {
  /** What the receiver answered; `null` for nothing. */
  readonly status: number | null;
  /** A sentence of ours; `null` for a success. */
  readonly error: string | null;
  readonly retryAfterSeconds: number | null;
  readonly durationMs: number;
};

/** A month: no message is kept for longer, and the settings allow far less. */
const MAX_WAIT_SECONDS = 30 * 24 * 3_600;

/** Makes one attempt; never fails. */
export type DeliverMessage = (message: WebhookMessage) => Promise<Attempt>;

/**
 * Makes the sender of webhooks: Standard Webhooks over HTTP/1.1 to a checked address.
 *
 * @example const deliver = createDeliverMessage({ resolve: resolveHost, allowLoopback: false });
 */
export function createDeliverMessage(rules: TargetRules, limits?: PostLimits): DeliverMessage {
  return async (message) => {
    const startedAt = Date.now();
    const finish = (attempt: Omit<Attempt, "durationMs">) => ({
      ...attempt,
      durationMs: Date.now() - startedAt,
    });
    try {
      return finish(judge(await send(message, rules, limits), startedAt));
    } catch (error) {
      const isOurs = error instanceof UnsafeUrlError || error instanceof PostError;
      return finish({
        status: null,
        error: isOurs ? error.message : "The message could not be sent.",
        retryAfterSeconds: null,
      });
    }
  };
}

async function send(
  { message_id: id, url, secrets, body }: WebhookMessage,
  rules: TargetRules,
  limits: PostLimits | undefined,
): Promise<AnswerHead> {
  const target = await findTarget(url, rules);
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "nff-webhooks/1",
    Accept: "*/*",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signMessage({ id, timestamp, body }, secrets),
  };
  return postMessage(target, { headers, body }, limits);
}

function judge({ status, retryAfter }: AnswerHead, now: number): Omit<Attempt, "durationMs"> {
  if (status < 300) return { status, error: null, retryAfterSeconds: null };
  const hint = status < 400 ? " Redirects are not followed." : "";
  return {
    status,
    error: `The receiver answered ${status}.${hint}`,
    retryAfterSeconds: retryAfter === null ? null : readRetryAfter(retryAfter, now),
  };
}

/**
 * Seconds to wait (RFC 9110, 10.2.3): a number or a date; `null` for anything else. The receiver writes
 * it, so it may be any year: an attempt whose number does not fit could never be noted.
 */
function readRetryAfter(value: string, now: number): number | null {
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value), MAX_WAIT_SECONDS);
  const at = Date.parse(value);
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(0, Math.ceil((at - now) / 1_000)), MAX_WAIT_SECONDS);
}
