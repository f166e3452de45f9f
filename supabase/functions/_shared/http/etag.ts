import { ApiError } from "../errors.ts";

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/**
 * The strong entity tag of a version: `"v7"`.
 *
 * @example etag(7);
 */
export function etag(version: number): string {
  return `"v${version}"`;
}

/** What a caller demands of the current version before it writes. */
export type Precondition =
  | { readonly any: true }
  | { readonly any: false; readonly tags: readonly string[] };

/**
 * Reads `If-Match` (RFC 9110, 13.1.1). Weak tags stay in the list and match nothing, because the
 * comparison is strong.
 *
 * @throws ApiError `precondition_required` without the header, `validation_failed` when unreadable
 */
export function parseIfMatch(header: string | null): Precondition {
  if (header === null || header.trim() === "") {
    throw new ApiError("precondition_required", {
      detail: "Send the ETag that you read in the If-Match header.",
    });
  }
  if (header.trim() === "*") return { any: true };
  const tags = header.split(",").map((tag) => tag.trim());
  if (!tags.every((tag) => ENTITY_TAG.test(tag))) {
    throw new ApiError("validation_failed", {
      detail: "The If-Match header is not a list of entity tags.",
      errors: [
        {
          pointer: "header/If-Match",
          code: "format",
          detail: 'This must be a quoted entity tag such as "v7", a list of them, or *.',
        },
      ],
    });
  }
  return { any: false, tags };
}

/**
 * The version that a write may replace: `null` for any. A tag that is not one of ours can match no
 * version, so it counts as version 0, which no row has.
 */
export function expectedVersions(precondition: Precondition): number[] | null {
  if (precondition.any) return null;
  return precondition.tags.map((tag) => {
    const digits = /^"v([1-9][0-9]{0,14})"$/.exec(tag)?.[1];
    return digits === undefined ? 0 : Number(digits);
  });
}

/** Whether `If-None-Match` names the current tag, so that a read may answer 304 (weak comparison). */
export function matchesNone(header: string | null, current: string): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === current);
}
