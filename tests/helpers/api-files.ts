import { createHash, randomInt } from "node:crypto";
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
