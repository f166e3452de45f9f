import { createHash, randomInt } from "node:crypto";
import { deflateSync } from "node:zlib";
import { zipSync } from "fflate";
import sharp from "sharp";

/** A file for an upload. */
export type TestFile = {
  readonly bytes: Buffer;
  readonly contentType: "image/jpeg" | "image/png" | "application/pdf";
  readonly sha256: string;
};

function fileOf(bytes: Buffer, contentType: TestFile["contentType"]): TestFile {
  return { bytes, contentType, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A picture that no other test has; the noise keeps it above the smallest size that is taken. */
export async function picture(
  format: "jpeg" | "png" = "jpeg",
  { width = 640, height = 420 }: { width?: number; height?: number } = {},
): Promise<TestFile> {
  const create = {
    width,
    height,
    channels: 3 as const,
    background: { r: randomInt(256), g: randomInt(256), b: randomInt(256) },
    noise: { type: "gaussian" as const, mean: 128, sigma: 40 },
  };
  return fileOf(await sharp({ create }).toFormat(format).toBuffer(), `image/${format}`);
}

/** A document with the signature of a PDF; nothing here looks further into one. */
export function pdf(): TestFile {
  const text = `%PDF-1.4\n% ${randomInt(2 ** 40)}\n${"0".repeat(4_000)}\n%%EOF\n`;
  return fileOf(Buffer.from(text), "application/pdf");
}

/** Bytes that are no document. */
export function rubbish(): TestFile {
  return fileOf(Buffer.from(`${randomInt(2 ** 40)} `.repeat(400)), "image/jpeg");
}

/** A file that lost its end on the way. */
export function cut({ bytes, contentType }: TestFile): TestFile {
  return fileOf(bytes.subarray(0, -200), contentType);
}

/** A picture that is a ZIP archive as well. */
export async function pictureWithArchive(): Promise<TestFile> {
  const { bytes, contentType } = await picture();
  const archive = zipSync({ "index.html": Buffer.from("<script>alert(1)</script>") });
  return fileOf(Buffer.concat([bytes, archive]), contentType);
}

/** A picture as a telephone takes it. */
export async function pictureWithPlace(): Promise<TestFile> {
  const { bytes, contentType } = await picture();
  const place = { GPSLatitudeRef: "N", GPSLatitude: "52/1 31/1 0/1" };
  return fileOf(await sharp(bytes).withExif({ IFD3: place }).jpeg().toBuffer(), contentType);
}

/** A PNG chunk (PNG, 5.3); its checksum is left out, because nothing here looks at it. */
export function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  return Buffer.concat([length, Buffer.from(type, "latin1"), data, Buffer.alloc(4)]);
}

/** A few kilobytes that say they are 60 000 times 60 000 pixels. */
export function hugePicture(): TestFile {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const noise = Buffer.from(`${randomInt(2 ** 40)} `.repeat(400));
  const parts = [
    chunk("IHDR", header),
    chunk("tEXt", Buffer.concat([Buffer.from("Comment\0"), noise])),
    chunk("IDAT", deflateSync(Buffer.alloc(4_000_000), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return fileOf(Buffer.concat([signature, ...parts]), "image/png");
}
