import { CompactSign, importJWK } from "jose";
import type { AnchorEnvironment } from "../_shared/env-anchors.ts";
import type { Buckets } from "../_shared/storage/buckets.ts";

/** The type in the header of an anchor, so that no other signed text can pass for one. */
const TYPE = "audit-anchor+jws";
const TIMEOUT_MS = 10_000;
/** Names sort as numbers do. */
const DIGITS = 12;

/** Signs anchors of the audit and takes them out of the database. */
export type Anchors = {
  /** Signs what `private.audit_anchor_begin` has collected, as JWS (RFC 7515, compact). */
  sign(body: object): Promise<string>;
  /**
   * Stores an anchor in every place; can be repeated.
   *
   * @throws Error another anchor has this number, or a place did not take it
   */
  store(number: string, document: string): Promise<void>;
};

/** See {@link Anchors}. */
export function createAnchors(
  { key, algorithm, webhookUrl }: AnchorEnvironment,
  buckets: Pick<Buckets, "writeAnchor">,
): Anchors {
  return {
    async sign(body) {
      return new CompactSign(new TextEncoder().encode(JSON.stringify(body)))
        .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: TYPE })
        .sign(await importJWK(key, algorithm));
    },

    async store(number, document) {
      const isStored = await buckets.writeAnchor(`${number.padStart(DIGITS, "0")}.jws`, document);
      // The database has gone back in time, or somebody else writes anchors: both are for a person to look at.
      if (!isStored) throw new Error(`Another anchor ${number} is stored already.`);
      if (webhookUrl !== null) await post(webhookUrl, number, document);
    },
  };
}

async function post(url: string, number: string, document: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/jose", "audit-anchor-number": number },
    body: document,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The receiver of anchors answered ${response.status}.`);
}
