import { sha256Hex } from "../domain/digest.ts";
import type { Transaction } from "./transaction.ts";

/** What makes two requests the same one. */
export type IdempotentRequest = {
  readonly key: string;
  /** See {@link requestFingerprint}. */
  readonly fingerprint: string;
};

/** An answer as it is kept, byte for byte. */
export type StoredAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `null` for an answer without a body. */
  readonly body: string | null;
};

/**
 * Runs work once per key and caller. Key, fingerprint and answer are stored in the transaction of
 * the effect, so there is no moment in which one exists without the other. A failed request stores
 * nothing: the same key may try again.
 *
 * @throws ApiError `idempotency_in_progress` or `idempotency_key_reused`, from the database
 */
export async function once(
  tx: Transaction,
  request: IdempotentRequest,
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer & { readonly isReplay: boolean }> {
  const { key, fingerprint } = request;
  const [stored] = await tx<
    ({ state: "new" } | ({ state: "replay" } & StoredAnswer))[]
  >`select state, status, headers, body from private.idempotency_begin(${key}, ${fingerprint})`;
  if (stored?.state === "replay") {
    const { status, headers, body } = stored;
    return { status, headers, body, isReplay: true };
  }
  const answer = await work();
  await tx`
    select private.idempotency_finish(${key}, ${fingerprint}, ${answer.status},
      ${tx.json({ ...answer.headers })}, ${answer.body})
  `;
  return { ...answer, isReplay: false };
}

/**
 * The fingerprint of a request: method, path and body. The body counts by its meaning, so a client
 * that writes white space or the order of members differently on a retry is still the same client.
 */
export function requestFingerprint(method: string, path: string, body: unknown): Promise<string> {
  return sha256Hex(new TextEncoder().encode(`${method} ${path} ${canonicalJson(body)}`));
}

/** JSON with the members of every object in one order (after RFC 8785). */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
