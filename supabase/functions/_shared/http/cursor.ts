import { ApiError } from "../errors.ts";

/**
 * Makes and reads the opaque cursors of lists. A cursor carries its position and is signed over
 * the filters and the order it was made for, so a caller can neither build one nor carry it to
 * another list, and no cursor has to be stored.
 */
export type CursorCodec = {
  /**
   * @param position where the page ended, as the database wrote it
   * @param scope what the cursor belongs to; see {@link cursorScope}
   */
  encode(position: string, scope: string): Promise<string>;
  /** @throws ApiError `invalid_cursor` when it was changed, or made for another list or caller */
  decode(cursor: string, scope: string): Promise<string>;
};

/**
 * Describes a list: the operation, who asks, and every filter, in an order of its own.
 *
 * @example cursorScope("admin.listKyc", principal.id, { status: "in_review", sort: "created_at" });
 */
export function cursorScope(
  operationId: string,
  callerId: string,
  filters: Readonly<Record<string, unknown>>,
): string {
  const entries = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([operationId, callerId, entries]);
}

/**
 * @param secret `CURSOR_SECRET`; cursors made with another one are refused, which only means that
 * the caller starts over
 */
export function createCursorCodec(secret: string): CursorCodec {
  const key = crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
  const signed = (payload: string, scope: string) =>
    new TextEncoder().encode(`${payload.length}.${payload}${scope}`);
  return {
    async encode(position, scope) {
      const payload = toBase64Url(new TextEncoder().encode(position));
      const mac = await crypto.subtle.sign("HMAC", await key, signed(payload, scope));
      return `${payload}.${toBase64Url(new Uint8Array(mac))}`;
    },
    async decode(cursor, scope) {
      const [payload = "", signature = ""] = cursor.split(".");
      const mac = fromBase64Url(signature);
      const genuine =
        mac !== null &&
        (await crypto.subtle.verify("HMAC", await key, mac, signed(payload, scope)));
      const bytes = genuine ? fromBase64Url(payload) : null;
      if (bytes === null) {
        throw new ApiError("invalid_cursor", {
          detail: "Use the next_cursor of the page before, with the same filters and order.",
        });
      }
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    },
  };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
