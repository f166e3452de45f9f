import type { Hono } from "hono";
import type { AuthToml } from "../config-toml.ts";
import { tooManyRequests } from "./errors.ts";
import type { AuthBindings } from "./request.ts";

/** Whatever the rate, Supabase Auth lets this many requests of an address through at once. */
const BURST = 30;
const ADDRESSES = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Buckets that hold `burst` requests and fill up again at `perSecond`; one for each key. */
function createBuckets(perSecond: number, burst: number) {
  const buckets = new Map<string, Bucket>();
  const filled = (key: string, now: number): Bucket => {
    const bucket = buckets.get(key) ?? { tokens: burst, filledAt: now };
    const gained = ((now - bucket.filledAt) / 1000) * perSecond;
    return { tokens: Math.min(burst, bucket.tokens + gained), filledAt: now };
  };
  return {
    /** Takes `count` out of the bucket, or nothing when it holds less. */
    take(key: string, count: number, now = Date.now()): boolean {
      const bucket = filled(key, now);
      const enough = bucket.tokens >= count;
      if (buckets.size >= ADDRESSES) buckets.clear();
      buckets.set(key, enough ? { ...bucket, tokens: bucket.tokens - count } : bucket);
      return enough;
    },
  };
}

/** What is counted together, and at which rate. Each has buckets of its own, as in Supabase Auth. */
const LIMITED = [
  ["POST", "/token", "token_refresh"],
  ["GET", "/verify", "token_verifications", "verify"],
  ["POST", "/verify", "token_verifications", "verify"],
  ["POST", "/signup", "sign_in_sign_ups"],
  ["POST", "/otp", "sign_in_sign_ups"],
  ["POST", "/magiclink", "sign_in_sign_ups"],
  ["POST", "/recover", "sign_in_sign_ups"],
  ["POST", "/resend", "sign_in_sign_ups"],
  ["PUT", "/user", "sign_in_sign_ups"],
  ["POST", "/factors/:factorId/challenge", "factor_verifications"],
  ["POST", "/factors/:factorId/verify", "factor_verifications"],
] as const satisfies readonly (readonly [
  method: string,
  path: string,
  limit: keyof AuthToml["rate_limit"],
  shared?: string,
])[];

const PERIOD_SECONDS = { factor_verifications: 60, other: 300 } as const;
const MAIL_PERIOD_SECONDS = 3600;

/** Refuses an address that asks too often, before the endpoint does anything. */
export function addRateLimits(
  app: Hono<{ Bindings: AuthBindings }>,
  { rate_limit: limits }: AuthToml,
): void {
  const shared = new Map<string, ReturnType<typeof createBuckets>>();
  for (const [method, path, limit, name = path] of LIMITED) {
    const period =
      limit === "factor_verifications" ? PERIOD_SECONDS.factor_verifications : PERIOD_SECONDS.other;
    const buckets = shared.get(name) ?? createBuckets(limits[limit] / period, BURST);
    shared.set(name, buckets);
    app.on(method, path, async (c, next) => {
      if (!buckets.take(c.env.peer, 1)) {
        throw tooManyRequests("over_request_rate_limit", "Request rate limit reached");
      }
      await next();
    });
  }
}

/** Asked before mails are sent; throws when the project has sent too many. */
export type AdmitMails = (count: number) => void;

export function createMailLimit({ rate_limit: { email_sent: perHour } }: AuthToml): AdmitMails {
  const buckets = createBuckets(perHour / MAIL_PERIOD_SECONDS, perHour);
  return (count) => {
    if (count === 0 || buckets.take("", count)) return;
    throw tooManyRequests("over_email_send_rate_limit", "email rate limit exceeded");
  };
}
