/** What the structure of a file says. Nothing is decoded or decompressed to find it out. */
export type Structure = {
  /** From the header; `null` where there are none. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Whole from the first byte to the last, and nothing but one file. */
  readonly isIntact: boolean;
  /** Has EXIF, XMP or IPTC data: where and when a picture was taken, and by whom. */
  readonly hasMetadata: boolean;
};

/** A file that is not what its first bytes promise. */
export const DAMAGED: Structure = { size: null, isIntact: false, hasMetadata: false };

/** Numbers of a file, big-endian unless said otherwise. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as text, one character each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.max(start, end)));
}

/** The end record of a ZIP archive: its signature, its length, and the longest comment behind it. */
const ZIP_END = [0x50, 0x4b, 0x05, 0x06] as const;
const ZIP_END_BYTES = 22;
const ZIP_COMMENT_MAX = 0xffff;

/**
 * Whether a ZIP program would take the file for an archive, whatever it begins with: archives are read
 * from their end, so a picture can be one as well (APPNOTE 4.3.16).
 */
export function isAlsoArchive(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const first = Math.max(0, bytes.byteLength - ZIP_END_BYTES - ZIP_COMMENT_MAX);
  for (let offset = bytes.byteLength - ZIP_END_BYTES; offset >= first; offset -= 1) {
    if (!ZIP_END.every((byte, index) => bytes[offset + index] === byte)) continue;
    const commentLength = view.getUint16(offset + 20, true);
    if (offset + ZIP_END_BYTES + commentLength === bytes.byteLength) return true;
  }
  return false;
}

/** How far PDF programs look for the first line of a PDF. */
const PDF_SEARCH_BYTES = 1_024;

/** Whether a PDF program would take the file for a PDF, whatever it begins with. */
export function isAlsoPdf(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, Math.min(PDF_SEARCH_BYTES, bytes.byteLength)).includes("%PDF-");
}
