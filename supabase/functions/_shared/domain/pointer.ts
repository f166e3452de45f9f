/**
 * A JSON Pointer in its URI fragment form (RFC 6901, 6).
 *
 * @example jsonPointer(["addresses", 0, "post/code"]); // "#/addresses/0/post~1code"
 */
export function jsonPointer(path: readonly (string | number)[]): string {
  return `#${path.map((part) => `/${escapePart(String(part))}`).join("")}`;
}

function escapePart(part: string): string {
  return encodeURIComponent(part.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"));
}
