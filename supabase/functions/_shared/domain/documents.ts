import type { Structure } from "./files/bytes.ts";
import { inspectJpeg } from "./files/jpeg.ts";
import { inspectPdf } from "./files/pdf.ts";
import { inspectPng } from "./files/png.ts";

/** The file types that a document may have. */
const MEDIA_TYPES = ["image/jpeg", "image/png", "application/pdf"] as const;

/** One of {@link MEDIA_TYPES}. */
type MediaType = (typeof MEDIA_TYPES)[number];

/** What a file is by its own bytes, whatever anybody says about it. */
export type FileFacts = {
  /** By the first bytes; `null`: none of the types we take. */
  readonly mediaType: MediaType | null;
  /** `null` where the type has no pixels (PDF) or the header is damaged. */
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** Whole, and nothing else at the same time: no second format, no archive, nothing behind its end. */
  readonly isIntact: boolean;
  /** Carries EXIF, XMP or IPTC data. */
  readonly hasMetadata: boolean;
};

/**
 * Finds out what a file is from its structure. Only headers and lengths are read and nothing is
 * decompressed, so a file that is made to hurt a decoder finds none here. Whether the facts are good
 * enough is decided in the database.
 *
 * @example inspectFile(bytes); // { mediaType: "image/jpeg", widthPx: 1600, heightPx: 1100, isIntact: true, hasMetadata: false }
 */
export function inspectFile(bytes: Uint8Array): FileFacts {
  const mediaType = mediaTypeOf(bytes);
  if (mediaType === null) {
    return { mediaType, widthPx: null, heightPx: null, isIntact: false, hasMetadata: false };
  }
  const { size, isIntact, hasMetadata } = INSPECTORS[mediaType](bytes);
  // A side of no pixels is a damaged header, not a size.
  const isPicture = size !== null && size.width > 0 && size.height > 0;
  return {
    mediaType,
    widthPx: isPicture ? size.width : null,
    heightPx: isPicture ? size.height : null,
    isIntact,
    hasMetadata,
  };
}

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

const INSPECTORS: Readonly<Record<MediaType, (bytes: Uint8Array) => Structure>> = {
  "image/jpeg": inspectJpeg,
  "image/png": inspectPng,
  "application/pdf": inspectPdf,
};
