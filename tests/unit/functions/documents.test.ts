import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { zipSync } from "fflate";
import sharp from "sharp";
import { expect, test } from "vitest";
import { inspectFile } from "../../../supabase/functions/_shared/domain/documents.ts";
import { chunk, hugePicture } from "../../helpers/api-files.ts";

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#446688" } });

const good = { isIntact: true, hasMetadata: false };

test.each([
  ["baseline", {}],
  ["progressive", { progressive: true }],
  ["with optimised tables", { optimiseCoding: true, mozjpeg: true }],
  ["without subsampling", { chromaSubsampling: "4:4:4" }],
])("a JPEG, %s", async (_what, options) => {
  const bytes = await picture(640, 421).jpeg(options).toBuffer();
  const size = { mediaType: "image/jpeg", widthPx: 640, heightPx: 421 };
  expect(inspectFile(bytes)).toEqual({ ...size, ...good });
});

test("a JPEG with restart markers, fill bytes, a profile and a comment", async () => {
  const [rows, plain] = await Promise.all([
    picture(640, 421).withIccProfile("p3").jpeg().toBuffer(),
    picture(300, 200).jpeg().toBuffer(),
  ]);
  expect(inspectFile(rows)).toMatchObject({ widthPx: 640, ...good });
  const comment = Buffer.from([0xff, 0xff, 0xff, 0xfe, 0, 4, 0x68, 0x69]);
  const scan = Buffer.from([0xff, 0xd0, 0x12, 0xff, 0x00]);
  const end = plain.length - 2;
  const marked = Buffer.concat([
    plain.subarray(0, 2),
    comment,
    plain.subarray(2, end),
    scan,
    plain.subarray(end),
  ]);
  expect(inspectFile(marked)).toMatchObject({ widthPx: 300, heightPx: 200, ...good });
});

test.each([
  ["true colour", {}],
  ["with a palette", { palette: true }],
  ["interlaced", { progressive: true }],
])("a PNG, %s", async (_what, options) => {
  const bytes = await picture(641, 420).png(options).toBuffer();
  const size = { mediaType: "image/png", widthPx: 641, heightPx: 420 };
  expect(inspectFile(bytes)).toEqual({ ...size, ...good });
});

const pdfOf = (body: string) => Buffer.from(`%PDF-1.7\n${body}\nstartxref\n0\n%%EOF\n`, "latin1");

test("a PDF has no pixels", () => {
  const size = { mediaType: "application/pdf", widthPx: null, heightPx: null };
  expect(inspectFile(pdfOf("1 0 obj"))).toEqual({ ...size, ...good });
});

test("streams of a PDF stay compressed: 100 MB of zeros are the few bytes that they are", () => {
  const stream = deflateSync(Buffer.alloc(100_000_000), { level: 9 });
  const bomb = Buffer.concat([
    Buffer.from("%PDF-1.7\n1 0 obj <</Type/ObjStm/Filter/FlateDecode>> stream\n"),
    stream,
    Buffer.from("\nendstream endobj\nstartxref\n0\n%%EOF\n"),
  ]);
  const startedAt = performance.now();
  expect(inspectFile(bomb)).toMatchObject({ mediaType: "application/pdf", isIntact: true });
  expect(performance.now() - startedAt).toBeLessThan(200);
});

test("a picture that is a bomb says its size, and only its header was read", () => {
  const { bytes } = hugePicture();
  expect(bytes.byteLength).toBeLessThan(50_000);
  expect(inspectFile(bytes)).toMatchObject({ widthPx: 60_000, heightPx: 60_000 });
});

test.each<[string, (bytes: Buffer) => Uint8Array]>([
  ["an archive behind it", (bytes) => Buffer.concat([bytes, zipSync({ a: new Uint8Array(9) })])],
  ["a script behind it", (bytes) => Buffer.concat([bytes, Buffer.from("<?php system(1); ?>")])],
  ["another picture behind it", (bytes) => Buffer.concat([bytes, bytes])],
  ["a byte behind it", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
])("a file with %s is not intact", async (_what, spoil) => {
  for (const bytes of [
    await picture(300, 300).jpeg().toBuffer(),
    await picture(300, 300).png().toBuffer(),
    pdfOf("1 0 obj"),
  ]) {
    expect(inspectFile(bytes).isIntact).toBe(true);
    const spoilt = spoil(bytes);
    // White space behind a PDF, or a whole second one, is still a PDF.
    if (bytes[0] === 0x25 && /%%EOF[\s\0]*$/.test(Buffer.from(spoilt).toString("latin1"))) continue;
    expect(inspectFile(spoilt).isIntact).toBe(false);
  }
});

/** Puts a segment of a JPEG or a chunk of a PNG behind the first header. */
const intoJpeg = (bytes: Buffer, marker: number, data: Uint8Array) =>
  Buffer.concat([
    bytes.subarray(0, 2),
    Buffer.from([0xff, marker, (data.byteLength + 2) >> 8, (data.byteLength + 2) & 0xff]),
    data,
    bytes.subarray(2),
  ]);
const intoPng = (bytes: Buffer, type: string, data: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, 33), chunk(type, data), bytes.subarray(33)]);

test("a picture that is a PDF or an archive inside of a comment is not intact", async () => {
  const jpeg = await picture(300, 300).jpeg().toBuffer();
  const png = await picture(300, 300).png().toBuffer();
  const pdf = pdfOf("1 0 obj");
  expect(inspectFile(intoJpeg(jpeg, 0xfe, pdf)).isIntact).toBe(false);
  expect(inspectFile(intoPng(png, "tEXt", pdf)).isIntact).toBe(false);
  // The end record's comment reaches over the rest of the picture.
  const archive = Buffer.from(zipSync({ a: new Uint8Array(9) }));
  const restOf = (bytes: Buffer, done: number) => bytes.length - done;
  archive.writeUInt16LE(restOf(jpeg, 2), archive.length - 2);
  expect(inspectFile(intoJpeg(jpeg, 0xfe, archive)).isIntact).toBe(false);
  archive.writeUInt16LE(restOf(png, 33) + 4, archive.length - 2);
  expect(inspectFile(intoPng(png, "tEXt", archive)).isIntact).toBe(false);
  const harmless = Buffer.from("made by a camera");
  expect(inspectFile(intoJpeg(jpeg, 0xfe, harmless)).isIntact).toBe(true);
  expect(inspectFile(intoPng(png, "tEXt", harmless)).isIntact).toBe(true);
});

test("EXIF, XMP and IPTC are noticed in pictures of either kind", async () => {
  const exif = { IFD0: { Artist: "Anna" }, IFD3: { GPSLatitudeRef: "N" } };
  const jpeg = await picture(300, 300).jpeg().toBuffer();
  const png = await picture(300, 300).png().toBuffer();
  for (const bytes of [
    await picture(300, 200).withExif(exif).jpeg().toBuffer(),
    await picture(300, 200).withExif(exif).png().toBuffer(),
    await picture(300, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    intoJpeg(jpeg, 0xe1, Buffer.from("http://ns.adobe.com/xap/1.0/\0<x/>")),
    intoJpeg(jpeg, 0xed, Buffer.from("Photoshop 3.0\0rest")),
    intoPng(png, "iTXt", Buffer.from("XML:com.adobe.xmp\0<x/>")),
    intoPng(png, "zTXt", Buffer.from("Raw profile type exif\0rest")),
  ]) {
    expect(inspectFile(bytes)).toMatchObject({ isIntact: true, hasMetadata: true });
  }
});

test.each([
  ["two frames", (jpeg: Buffer) => intoJpeg(jpeg, 0xc0, Buffer.alloc(15, 1))],
  [
    "a segment that is longer than the file",
    (jpeg: Buffer) => intoJpeg(jpeg, 0xfe, Buffer.alloc(9)).fill(0xfe, 4, 6),
  ],
  ["no scan", () => Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
])("a JPEG with %s is not intact", async (_what, make) => {
  const bytes = make(await picture(300, 300).jpeg().toBuffer());
  expect(inspectFile(bytes)).toMatchObject({ mediaType: "image/jpeg", isIntact: false });
});

test.each([
  ["encrypted", pdfOf("trailer <</Encrypt 5 0 R>>")],
  ["without an end", Buffer.from("%PDF-1.7\n1 0 obj")],
  ["of a version that never was", Buffer.from("%PDF-9.9\n%%EOF")],
])("a PDF that is %s is not intact", (_what, bytes) => {
  expect(inspectFile(bytes)).toMatchObject({ mediaType: "application/pdf", isIntact: false });
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

test.each([
  ["JPEG", () => picture(640, 421).jpeg({ progressive: true })],
  ["PNG", () => picture(640, 421).png()],
])("a %s that is cut anywhere is not intact, and has its size or none", async (_what, make) => {
  const whole = await make().toBuffer();
  for (let length = 8; length < whole.length; length += 1) {
    const { widthPx, heightPx, isIntact } = inspectFile(whole.subarray(0, length));
    expect(isIntact).toBe(false);
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
