import { createHmac } from "node:crypto";
import type { SignedMessage } from "../../http/webhook-signature.ts";
import { lookUp } from "../look-up.ts";

/** The digests that we accept. The vendor offers SHA-1 too, which its settings can do without. */
const ALGORITHMS: Readonly<Record<string, { hash: string; hexLength: number }>> = {
  HMAC_SHA256_HEX: { hash: "SHA-256", hexLength: 64 },
  HMAC_SHA512_HEX: { hash: "SHA-512", hexLength: 128 },
};

/** Why a webhook is not believed; goes to the log, never to the sender. */
export type DigestFault = "missing_header" | "unknown_algorithm" | "malformed" | "no_match";

/**
 * Verifies a webhook: `X-Payload-Digest` is the HMAC of the raw body, `X-Payload-Digest-Alg` names
 * it. No time is signed, so an old message is no worse than a new one: its event is stored once.
 *
 * @param secrets of the webhook, the current one first
 * @returns `null` for a genuine message
 * @example if (await findDigestFault({ headers, body }, secrets)) throw …;
 */
export async function findDigestFault(
  { headers, body }: SignedMessage,
  secrets: readonly string[],
): Promise<DigestFault | null> {
  const digest = headers.get("x-payload-digest");
  const name = headers.get("x-payload-digest-alg");
  if (!digest || !name) return "missing_header";
  const algorithm = lookUp(ALGORITHMS, name);
  if (!algorithm) return "unknown_algorithm";
  if (digest.length !== algorithm.hexLength || !/^[0-9a-f]+$/i.test(digest)) return "malformed";
  const mac = fromHex(digest);
  const bytes = new Uint8Array(body);
  for (const secret of secrets) {
    const key = await hmacKey(secret, algorithm.hash);
    // Web Crypto compares in constant time.
    if (await crypto.subtle.verify("HMAC", key, mac, bytes)) return null;
  }
  return "no_match";
}

/**
 * Signs a request to the vendor: HMAC-SHA256 over seconds, method, path with query, and body.
 *
 * @param body as it is sent, byte for byte
 * @returns hex, lower case
 */
export function signRequest(
  secret: string,
  {
    seconds,
    method,
    path,
    body,
  }: {
    readonly seconds: number;
    readonly method: string;
    readonly path: string;
    readonly body: Uint8Array;
  },
): string {
  // Web Crypto wants the content in one piece, which would be one more copy of a large file.
  return createHmac("sha256", secret)
    .update(`${seconds}${method}${path}`)
    .update(body)
    .digest("hex");
}

function hmacKey(secret: string, hash: string): Promise<CryptoKey> {
  const key = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["verify"]);
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}
