import { hash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import type { z } from "zod";
import { ProviderError } from "../errors.ts";

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** Checks a value against its schema, or says what does not match. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mismatches = result.error.issues.map(({ path, message }) => ({
    pointer: `/${path.map(String).join("/")}`,
    detail: message,
  }));
  const [first] = mismatches;
  const detail = first ? `${first.pointer}: ${first.detail}` : "It does not match.";
  throw new ProviderError("validation_failed", detail, mismatches);
}

/** The JSON body of a request. */
export async function readJson(context: Context): Promise<unknown> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ProviderError("unsupported_media_type", `Got ${type || "no content type"}.`);
  }
  try {
    return JSON.parse(await context.req.text());
  } catch {
    throw new ProviderError("malformed_json", "The body could not be parsed.");
  }
}

/** The `Idempotency-Key` of a request. */
export function readIdempotencyKey(context: Context): string {
  const key = context.req.header("idempotency-key");
  if (!key) throw new ProviderError("idempotency_key_missing", "Send an Idempotency-Key.");
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new ProviderError("idempotency_key_invalid", "1 to 255 printable ASCII characters.");
  }
  return key;
}

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(hash("sha256", a, "buffer"), hash("sha256", b, "buffer"));
}
