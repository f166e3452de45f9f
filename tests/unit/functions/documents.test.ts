import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { inspectFile } from "../../../supabase/functions/_shared/domain/documents.ts";

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#446688" } });

test.each([
  ["baseline", {}],
  ["progressive", { progressive: true }],
  ["with optimised tables", { optimiseCoding: true, mozjpeg: true }],
  ["without subsampling", { chromaSubsampling: "4:4:4" }],
])("a JPEG, %s", async (_what, options) => {
  const bytes = await picture(640, 421).jpeg(options).toBuffer();
  expect(inspectFile(bytes)).toEqual({ mediaType: "image/jpeg", widthPx: 640, heightPx: 421 });
});

test("a JPEG with metadata in front of its frame", async () => {
  const bytes = await picture(300, 200)
    .withExif({ IFD0: { ImageDescription: "x".repeat(5_000) } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  expect(inspectFile(bytes)).toEqual({ mediaType: "image/jpeg", widthPx: 300, heightPx: 200 });
});

test.each([
  ["true colour", {}],
  ["with a palette", { palette: true }],
  ["interlaced", { progressive: true }],
])("a PNG, %s", async (_what, options) => {
  const bytes = await picture(641, 420).png(options).toBuffer();
  expect(inspectFile(bytes)).toEqual({ mediaType: "image/png", widthPx: 641, heightPx: 420 });
});

test("a PDF has no pixels", () => {
  const bytes = new TextEncoder().encode("%PDF-1.7\n…");
  expect(inspectFile(bytes)).toEqual({
    mediaType: "application/pdf",
    widthPx: null,
    heightPx: null,
  });
});

test.each([
  ["GIF", "GIF89a\u0001\u0000\u0001\u0000"],
  ["SVG", '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ["HTML that mentions a PDF", "<html>%PDF-1.4"],
  ["nothing", ""],
])("%s is none of the types that are taken", (_what, text) => {
  expect(inspectFile(new TextEncoder().encode(text)).mediaType).toBeNull();
});

test("WebP is none of them either", async () => {
  expect(inspectFile(await picture(10, 10).webp().toBuffer()).mediaType).toBeNull();
});

test("a picture that is cut anywhere has its size or none, never another one", async () => {
  const whole = await picture(640, 421).jpeg().toBuffer();
  for (let length = 3; length < whole.length; length += 7) {
    const { widthPx, heightPx } = inspectFile(whole.subarray(0, length));
    expect([null, 640]).toContain(widthPx);
    expect([null, 421]).toContain(heightPx);
  }
});

test("no bytes make it fail, or run on", () => {
  const headers = fc.constantFrom(
    [0xff, 0xd8, 0xff],
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  );
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 4_096 }), (header, rest) => {
      const { widthPx, heightPx } = inspectFile(new Uint8Array([...header, ...rest]));
      expect(widthPx === null).toBe(heightPx === null);
      if (widthPx !== null) expect(widthPx).toBeGreaterThan(0);
    }),
  );
  // Segments that say they are two bytes long are as short as they come.
  const crawling = new Uint8Array(10 * 1024 * 1024).fill(0xff);
  expect(inspectFile(crawling).mediaType).toBeNull();
  crawling.set([0xff, 0xd8, 0xff]);
  expect(inspectFile(crawling).widthPx).toBeNull();
});
