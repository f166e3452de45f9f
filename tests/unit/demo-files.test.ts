import { createHash } from "node:crypto";
import { imageSize } from "image-size";
import { expect, test } from "vitest";
import { billPdf, passportPhoto } from "../../scripts/demo/files.ts";

const MIN_BYTES = 2048;
const MAX_BYTES = 10 * 1024 * 1024;

test("the passport is a JPEG within the limits for documents", async () => {
  const { bytes, contentType, sha256 } = await passportPhoto("anna");
  const { width, height, type } = imageSize(bytes);
  expect(type).toBe("jpg");
  expect(contentType).toBe("image/jpeg");
  expect(Math.max(width, height)).toBeGreaterThanOrEqual(300);
  expect(Math.max(width, height)).toBeLessThanOrEqual(8000);
  expect(bytes.length).toBeGreaterThan(MIN_BYTES);
  expect(bytes.length).toBeLessThan(MAX_BYTES);
  expect(sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("the bill is a PDF whose table of places is right", () => {
  const { bytes, contentType } = billPdf("anna");
  const text = bytes.toString("latin1");
  expect(contentType).toBe("application/pdf");
  expect(bytes.length).toBeGreaterThan(MIN_BYTES);
  expect(text).toMatch(/^%PDF-1\.7\n[\s\S]*%%EOF\n$/);
  const table = Number(/startxref\n(\d+)\n/.exec(text)?.[1]);
  expect(text.slice(table, table + 4)).toBe("xref");
  const places = [...text.matchAll(/^(\d{10}) 00000 n $/gm)].map(([, place]) => Number(place));
  expect(places).toHaveLength(5);
  for (const [index, place] of places.entries()) {
    expect(text.slice(place, place + 8)).toContain(`${index + 1} 0 obj`);
  }
  const [, length, stream] = /\/Length (\d+) >>\nstream\n([\s\S]*)\nendstream/.exec(text) ?? [];
  expect(stream).toHaveLength(Number(length));
});

test("one person's files are always the same, another's differ", async () => {
  const hashes = async (seed: string) => [(await passportPhoto(seed)).sha256, billPdf(seed).sha256];
  const anna = await hashes("anna");
  expect(await hashes("anna")).toEqual(anna);
  const bruno = await hashes("bruno");
  expect(bruno.filter((hash) => anna.includes(hash))).toEqual([]);
});
