import { createHmac, hash } from "node:crypto";

const SECRET_PREFIX = "whsec_";

/** The key bytes of a `whsec_…` secret. */
export function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
}

/**
 * Signs a message as Standard Webhooks 1.0.0 does: `v1,` and the base64 of an HMAC-SHA256 over id,
 * time and exact body.
 *
 * @param timestampS Unix time of the attempt, in seconds.
 */
export function sign(secret: string, id: string, timestampS: number, body: string): string {
  const mac = createHmac("sha256", keyOf(secret)).update(`${id}.${timestampS}.${body}`);
  return `v1,${mac.digest("base64")}`;
}

/** A well-formed secret that nobody was given. */
export function wrongSecret(secret: string): string {
  return `${SECRET_PREFIX}${hash("sha256", `not ${secret}`, "base64")}`;
}
