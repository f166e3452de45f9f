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
 * The version that a write may replace, `null` for any. A tag that is not one of ours names no
 * version, so it becomes 0, which no row has.
 *
 * @param readCurrent is only asked when the caller names several versions
 */
export async function expectedVersion(
  precondition: Precondition,
  readCurrent: () => Promise<number>,
): Promise<number | null> {
  if (precondition.any) return null;
  const [first = 0, ...others] = precondition.tags.map(versionOf);
  if (others.length === 0) return first;
  const current = await readCurrent();
  return [first, ...others].includes(current) ? current : 0;
}

function versionOf(tag: string): number {
  return Number(/^"v([1-9]\d{0,8})"$/.exec(tag)?.[1] ?? 0);
}
