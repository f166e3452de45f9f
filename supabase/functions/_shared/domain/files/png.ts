import { DAMAGED, isAlsoArchive, isAlsoPdf, latin1, type Structure, viewOf } from "./bytes.ts";

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around the data of a chunk. */
const FRAME_BYTES = 12;
const HEADER_BYTES = 13;
const XMP = "XML:com.adobe.xmp\0";
/** How some programs write EXIF and IPTC into a PNG. */
const RAW_PROFILE = "Raw profile type";

/**
 * Walks the chunks of a PNG (PNG, 5.3): the header first, data, the end last, and nothing behind it.
 * The picture itself stays compressed, so its size counts and not what it would grow to.
 */
export function inspectPng(bytes: Uint8Array): Structure {
  const view = viewOf(bytes);
  let offset = SIGNATURE_BYTES;
  let size: Structure["size"] = null;
  let hasData = false;
  let hasMetadata = false;
  while (offset + FRAME_BYTES <= bytes.byteLength) {
    const length = view.getUint32(offset);
    const type = latin1(bytes, offset + 4, offset + 8);
    const data = offset + 8;
    const next = offset + FRAME_BYTES + length;
    if (next > bytes.byteLength || !/^[A-Za-z]{4}$/.test(type)) return DAMAGED;
    if ((type === "IHDR") !== (size === null)) return DAMAGED;
    if (type === "IHDR") {
      if (length !== HEADER_BYTES) return DAMAGED;
      size = { width: view.getUint32(data), height: view.getUint32(data + 4) };
    }
    hasData ||= type === "IDAT" && length > 0;
    hasMetadata ||= isMetadata(type, latin1(bytes, data, Math.min(data + 24, next)));
    if (type === "IEND") {
      const isAlone = next === bytes.byteLength && !isAlsoPdf(bytes) && !isAlsoArchive(bytes);
      return { size, isIntact: hasData && isAlone, hasMetadata };
    }
    offset = next;
  }
  return DAMAGED;
}

function isMetadata(type: string, start: string): boolean {
  if (type === "eXIf" || type === "zXIf") return true;
  return /^[itz].Xt$/.test(type) && (start.startsWith(XMP) || start.startsWith(RAW_PROFILE));
}
