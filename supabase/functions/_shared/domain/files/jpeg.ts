import { DAMAGED, isAlsoArchive, isAlsoPdf, latin1, type Structure, viewOf } from "./bytes.ts";

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const APP1 = 0xe1;
const APP13 = 0xed;

/**
 * Walks the segments of a JPEG (ITU-T T.81, B.1): one frame header, at least one scan, the end of the
 * image, and nothing behind it. The scans stay compressed.
 */
export function inspectJpeg(bytes: Uint8Array): Structure {
  const view = viewOf(bytes);
  let offset = 2;
  let size: Structure["size"] = null;
  let hasScan = false;
  let hasMetadata = false;
  while (offset + 2 <= bytes.byteLength && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] ?? 0;
    if (marker === 0xff) {
      // Any number of fill bytes may stand before a marker.
      offset += 1;
      continue;
    }
    if (marker === END_OF_IMAGE) {
      const isAlone = offset + 2 === bytes.byteLength && !isAlsoPdf(bytes) && !isAlsoArchive(bytes);
      return { size, isIntact: size !== null && hasScan && isAlone, hasMetadata };
    }
    if (offset + 4 > bytes.byteLength) return DAMAGED;
    const length = view.getUint16(offset + 2);
    const next = offset + 2 + length;
    if (length < 2 || next > bytes.byteLength) return DAMAGED;
    if (isFrameHeader(marker)) {
      // Two frames would have two sizes, and programs disagree which one counts.
      if (size !== null || length < 8) return DAMAGED;
      size = { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    }
    hasMetadata ||= isMetadata(marker, latin1(bytes, offset + 4, Math.min(offset + 40, next)));
    hasScan ||= marker === START_OF_SCAN;
    offset = marker === START_OF_SCAN ? endOfScan(bytes, next) : next;
  }
  return DAMAGED;
}

/** The next marker behind compressed data: no stuffed zero and no restart (B.1.1.5). */
function endOfScan(bytes: Uint8Array, start: number): number {
  let offset = bytes.indexOf(0xff, start);
  while (offset >= 0 && offset + 1 < bytes.byteLength) {
    const after = bytes[offset + 1] ?? 0;
    const isData = after === 0x00 || (after >= 0xd0 && after <= 0xd7);
    if (!isData && after !== 0xff) return offset;
    offset = bytes.indexOf(0xff, offset + (isData ? 2 : 1));
  }
  return bytes.byteLength;
}

/** SOF0 to SOF15, without the tables that have their numbers in between: DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isMetadata(marker: number, start: string): boolean {
  if (marker === APP13) return start.startsWith("Photoshop 3.0\0");
  return (
    marker === APP1 && (start.startsWith("Exif\0") || start.startsWith("http://ns.adobe.com/"))
  );
}
