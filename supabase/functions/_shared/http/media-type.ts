import { ApiError } from "../errors.ts";

/**
 * Refuses a body of another type than the operation takes. The only parameter JSON knows is
 * `charset=utf-8`; another charset would be read as something it is not.
 *
 * @throws ApiError `unsupported_media_type`
 */
export function requireContentType(header: string | null, accepted: readonly string[]): void {
  const [type = "", ...parameters] = (header ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const readable = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  if (accepted.includes(type) && readable) return;
  throw new ApiError("unsupported_media_type", {
    detail: `Send the body as ${accepted.join(" or ")}, in UTF-8.`,
    // RFC 9110, 15.5.16: a 415 answer can say what would have been taken.
    headers: { accept: accepted.join(", ") },
  });
}

/** An operation without a body answers at least its errors. */
const ERRORS_ONLY = ["application/json", "application/problem+json"];

/**
 * Refuses a caller who would not take any of the types we can answer with.
 *
 * @throws ApiError `not_acceptable`
 */
export function requireAcceptable(header: string | null, types: readonly string[]): void {
  if (header === null || header.trim() === "") return;
  const offered = types.length > 0 ? types : ERRORS_ONLY;
  const ranges = header.toLowerCase().split(",").map(parseRange);
  if (offered.some((type) => quality(type, ranges) > 0)) return;
  throw new ApiError("not_acceptable", {
    detail: `This operation answers ${offered.join(" or ")}.`,
  });
}

type MediaRange = { readonly range: string; readonly quality: number };

function parseRange(text: string): MediaRange {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const number = weight === undefined ? 1 : Number(weight);
  return { range, quality: Number.isFinite(number) ? number : 1 };
}

/** The most specific range that fits decides (RFC 9110, 12.5.1). */
function quality(type: string, ranges: readonly MediaRange[]): number {
  const [family = ""] = type.split("/");
  for (const candidate of [type, `${family}/*`, "*/*"]) {
    const match = ranges.find(({ range }) => range === candidate);
    if (match) return match.quality;
  }
  return 0;
}
