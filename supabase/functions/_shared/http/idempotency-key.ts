import { ApiError } from "../errors.ts";

const PRINTABLE_ASCII = /^[\x20-\x7e]{1,255}$/;

/**
 * Reads `Idempotency-Key`. The draft standard writes it as a quoted string
 * (draft-ietf-httpapi-idempotency-key-header-07), much of fintech without quotes: both name the same
 * key.
 *
 * @throws ApiError `idempotency_key_missing` or `idempotency_key_invalid`
 * @example parseIdempotencyKey('"8e03978e-40d5-43e8-bc93-6894a57f9324"');
 */
export function parseIdempotencyKey(header: string | null): string {
  if (header === null || header.trim() === "") throw new ApiError("idempotency_key_missing");
  const trimmed = header.trim();
  const key = /^".*"$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  if (!PRINTABLE_ASCII.test(key)) {
    throw new ApiError("idempotency_key_invalid", {
      detail: "The key must have 1 to 255 printable ASCII characters.",
    });
  }
  return key;
}
