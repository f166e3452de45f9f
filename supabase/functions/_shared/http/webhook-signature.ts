import { createHmac, timingSafeEqual } from "node:crypto";

/** A webhook's headers and the bytes they were signed over. */
export type SignedMessage = {
  readonly headers: Headers;
  /** As received: a parsed and re-written body has another signature. */
  readonly body: Uint8Array;
};

/** Why a message is not believed; goes to the log, never to the sender. */
export type SignatureFault =
  | "missing_header"
  | "bad_timestamp"
  | "too_old"
  | "too_new"
  | "no_match";

/** Standard Webhooks, "verifying webhook authenticity": seconds a timestamp may differ, both ways. */
const TOLERANCE_SECONDS = 300;
/** A sender signs once for each of its active keys; more is somebody who makes us compute. */
const MAX_SIGNATURES = 10;

/**
 * Verifies a message signed as Standard Webhooks 1.0.0 says: HMAC-SHA256 over
 * `{id}.{timestamp}.{body}`, base64, prefixed `v1,`. Each signature is tried with each secret, so
 * secrets can be rotated on either side without losing a message. Macs are compared in constant time.
 *
 * @param secrets `whsec_` and the base64 of the key
 * @param now milliseconds since the epoch
 * @returns `null` for a genuine message
 * @example if (await findSignatureFault({ headers, body }, secrets, Date.now())) throw …;
 */
export function findSignatureFault(
  { headers, body }: SignedMessage,
  secrets: readonly string[],
  now: number,
): SignatureFault | null {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = headers.get("webhook-signature");
  if (!id || !timestamp || !signatures) return "missing_header";
  if (!/^\d{1,12}$/.test(timestamp)) return "bad_timestamp";
  const ageSeconds = Math.floor(now / 1_000) - Number(timestamp);
  if (ageSeconds > TOLERANCE_SECONDS) return "too_old";
  if (ageSeconds < -TOLERANCE_SECONDS) return "too_new";

  const macs = signatures.split(" ").slice(0, MAX_SIGNATURES).flatMap(readSignature);
  for (const secret of secrets) {
    const key = fromBase64(secret.replace(/^whsec_/, ""));
    // Web Crypto takes six times as long for a message of this size.
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
    if (macs.some((mac) => timingSafeEqual(mac, expected))) return null;
  }
  return "no_match";
}

/** Versions that we do not know are left for receivers that do. */
function readSignature(entry: string): Uint8Array<ArrayBuffer>[] {
  const base64 = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(entry)?.[1];
  return base64 === undefined ? [] : [fromBase64(base64)];
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
