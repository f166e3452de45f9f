import { findJsonFaults } from "../domain/strict-json.ts";
import { normaliseText } from "../domain/text.ts";
import { ApiError } from "../errors.ts";
import { readUpTo } from "./read-stream.ts";

/**
 * Reads a body as bytes and stops as soon as it is over the limit, so that nobody makes us hold
 * more than that, whatever `Content-Length` says.
 *
 * @param maxBytes from the contract (`x-max-body-bytes`), in bytes
 * @throws ApiError `payload_too_large`
 */
export async function readBytes(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  // The server cuts a body at its declared length, so this one cannot be longer than the limit.
  if (declared !== null) return new Uint8Array(await request.arrayBuffer());
  const bytes = await readUpTo(request.body, maxBytes + 1);
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/**
 * Turns a body into a JSON value that is safe to validate: valid UTF-8, no member twice, no
 * bottomless nesting, every text in NFC, trimmed and free of control characters.
 *
 * @throws ApiError `malformed_json` or `validation_failed` with one entry for each fault
 */
export function parseJson(bytes: Uint8Array): unknown {
  const { text, value } = decode(bytes);
  const faults = findJsonFaults(text);
  if (faults.length > 0) throw new ApiError("validation_failed", { errors: faults });
  const normalised = normaliseText(value);
  if (normalised.faults.length > 0) {
    throw new ApiError("validation_failed", { errors: normalised.faults });
  }
  return normalised.value;
}

function decode(bytes: Uint8Array): { text: string; value: unknown } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    // The parser's message quotes the body, which may hold personal data.
    throw new ApiError("malformed_json", { cause });
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("payload_too_large", { detail: `The body may have ${maxBytes} bytes.` });
}
