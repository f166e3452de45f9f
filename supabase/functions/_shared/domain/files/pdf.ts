import { isAlsoArchive, latin1, type Structure } from "./bytes.ts";

const HEADER = /^%PDF-(1\.[0-7]|2\.0)[\r\n \t%]/;
/** How far from the end programs look for the last line. */
const END_SEARCH_BYTES = 1_024;
const END = /%%EOF[\r\n \t\0]*$/;

/**
 * Looks at the first and the last line of a PDF (ISO 32000-1, 7.5.2 and 7.5.5) and for encryption, with
 * which nobody could read it. Streams stay compressed: what they hold is for the provider to judge.
 */
export function inspectPdf(bytes: Uint8Array): Structure {
  const length = bytes.byteLength;
  const isWhole =
    HEADER.test(latin1(bytes, 0, Math.min(16, length))) &&
    END.test(latin1(bytes, Math.max(0, length - END_SEARCH_BYTES), length));
  return {
    size: null,
    isIntact: isWhole && !isAlsoArchive(bytes) && !includes(bytes, "/Encrypt"),
    hasMetadata: false,
  };
}

function includes(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  const [first = 0] = wanted;
  let offset = bytes.indexOf(first);
  while (offset >= 0) {
    if (wanted.every((byte, index) => bytes[offset + index] === byte)) return true;
    offset = bytes.indexOf(first, offset + 1);
  }
  return false;
}
