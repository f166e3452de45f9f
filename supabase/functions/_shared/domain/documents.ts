/** The file types that a document may have. */
export const MEDIA_TYPES = ["image/jpeg", "image/png", "application/pdf"] as const;

/** One of {@link MEDIA_TYPES}. */
export type MediaType = (typeof MEDIA_TYPES)[number];

/** What a file is by its own bytes, whatever anybody says about it. */
export type FileFacts = {
  /** `null`: none of the types we take. */
  readonly mediaType: MediaType | null;
  /** `null` where the type has no pixels (PDF) or the header is damaged. */
  readonly widthPx: number | null;
  readonly heightPx: number | null;
};

/**
 * Finds out what a file is from its first bytes. Only headers are read, so a file that is made to
 * hurt a decoder finds none here. Whether the facts are good enough is decided in the database.
 *
 * @example inspectFile(bytes); // { mediaType: "image/jpeg", widthPx: 1600, heightPx: 1100 }
 */
export function inspectFile(bytes: Uint8Array): FileFacts {
  const mediaType = mediaTypeOf(bytes);
  const size = mediaType === null ? null : (SIZE_READERS[mediaType](bytes) ?? null);
  // A side of no pixels is a damaged header, not a size.
  const isPicture = size !== null && size.width > 0 && size.height > 0;
  return {
    mediaType,
    widthPx: isPicture ? size.width : null,
    heightPx: isPicture ? size.height : null,
  };
}

type Size = { readonly width: number; readonly height: number };

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PDF_SIGNATURE = [0x25, 0x50, 0x44, 0x46, 0x2d];
const JPEG_SIGNATURE = [0xff, 0xd8, 0xff];

function mediaTypeOf(bytes: Uint8Array): MediaType | null {
  const startsWith = (signature: readonly number[]) =>
    signature.every((byte, index) => bytes[index] === byte);
  if (startsWith(JPEG_SIGNATURE)) return "image/jpeg";
  if (startsWith(PNG_SIGNATURE)) return "image/png";
  if (startsWith(PDF_SIGNATURE)) return "application/pdf";
  return null;
}

const SIZE_READERS: Readonly<Record<MediaType, (bytes: Uint8Array) => Size | null>> = {
  "image/jpeg": jpegSize,
  "image/png": pngSize,
  "application/pdf": () => null,
};

/** The first chunk of a PNG is IHDR, and it begins with width and height (PNG, 11.2.2). */
function pngSize(bytes: Uint8Array): Size | null {
  const view = viewOf(bytes);
  const isHeader = bytes.byteLength >= 24 && view.getUint32(12) === 0x49484452;
  return isHeader ? { width: view.getUint32(16), height: view.getUint32(20) } : null;
}

/** Walks the segments of a JPEG up to its frame header (ITU-T T.81, B.2.2). */
function jpegSize(bytes: Uint8Array): Size | null {
  const view = viewOf(bytes);
  let offset = 2;
  while (offset + 9 <= bytes.byteLength && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] ?? 0;
    if (isFrameHeader(marker)) {
      return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    }
    // Image data or the end before a frame header: no picture.
    if (marker === 0xda || marker === 0xd9) return null;
    // Any number of fill bytes may stand before a marker; every other segment says its length.
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
  return null;
}

/** SOF0 to SOF15, without the tables that have their numbers in between: DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
