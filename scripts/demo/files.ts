import { createHash } from "node:crypto";
import sharp from "sharp";

/** A file as a person would pick it from a phone. */
export interface DemoFile {
  readonly bytes: Buffer;
  readonly contentType: "image/jpeg" | "application/pdf";
  readonly sha256: string;
}

const WIDTH = 1250;
const HEIGHT = 880;

function fileOf(bytes: Buffer, contentType: DemoFile["contentType"]): DemoFile {
  return { bytes, contentType, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Numbers from 0 to 1 that follow from a text, so that no two people have the same picture. */
function* numbersFrom(seed: string): Generator<number, never> {
  for (let round = 0; ; round += 1) {
    for (const byte of createHash("sha256").update(`${seed} ${round}`).digest()) yield byte / 255;
  }
}

function waves(numbers: Generator<number, never>): string {
  const lines = Array.from({ length: 22 }, (_, index) => {
    const y = 40 + index * 38;
    const swing = 20 + 60 * numbers.next().value;
    const hue = Math.round(190 + 60 * numbers.next().value);
    return `<path d="M0 ${y} C 400 ${y - swing}, 850 ${y + swing}, ${WIDTH} ${y}" stroke="hsl(${hue} 45% 80%)"/>`;
  });
  return `<g fill="none" stroke-width="3">${lines.join("")}</g>`;
}

/** Bars where a real page has words: text would depend on the fonts of the machine. */
function bars(numbers: Generator<number, never>): string {
  const rows = Array.from({ length: 7 }, (_, index) => {
    const y = 170 + index * 68;
    const width = 160 + 460 * numbers.next().value;
    return `<rect x="500" y="${y}" width="110" height="12" fill="#8b97a8"/><rect x="500" y="${y + 20}" width="${width.toFixed(0)}" height="24" fill="#22304a"/>`;
  });
  return rows.join("");
}

/** The two lines at the foot of a passport, as blocks. */
function machineReadableZone(numbers: Generator<number, never>): string {
  const cells = Array.from({ length: 2 * 44 }, (_, index) => {
    const x = 60 + (index % 44) * 26;
    const y = index < 44 ? 730 : 790;
    const height = 12 + 20 * numbers.next().value;
    return `<rect x="${x}" y="${y}" width="16" height="${height.toFixed(0)}"/>`;
  });
  return `<rect y="700" width="${WIDTH}" height="180" fill="#f4f1e8"/><g fill="#111">${cells.join("")}</g>`;
}

function portrait(numbers: Generator<number, never>): string {
  const tone = Math.round(45 + 35 * numbers.next().value);
  const hair = Math.round(15 + 30 * numbers.next().value);
  return `<rect x="70" y="170" width="350" height="450" fill="#dfe6ee"/>
    <path d="M110 620 C 120 480, 370 480, 380 620 Z" fill="#3a4d6b"/>
    <ellipse cx="245" cy="370" rx="95" ry="120" fill="hsl(25 45% ${tone}%)"/>
    <path d="M150 350 C 150 200, 340 200, 340 350 C 310 270, 180 270, 150 350 Z" fill="hsl(25 30% ${hair}%)"/>
    <circle cx="212" cy="360" r="9"/><circle cx="278" cy="360" r="9"/>
    <path d="M205 430 Q 245 460 285 430" fill="none" stroke="#7a3b2e" stroke-width="7"/>`;
}

/** A JPEG that looks like the data page of a passport, of nobody. */
export async function passportPhoto(seed: string): Promise<DemoFile> {
  const numbers = numbersFrom(seed);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <rect width="${WIDTH}" height="${HEIGHT}" fill="#eef3f7"/>${waves(numbers)}
    <rect width="${WIDTH}" height="120" fill="#7a1f2b"/><circle cx="90" cy="60" r="34" fill="#d9b44a"/>
    ${portrait(numbers)}${bars(numbers)}${machineReadableZone(numbers)}</svg>`;
  const bytes = await sharp(Buffer.from(svg)).jpeg({ quality: 88 }).toBuffer();
  return fileOf(bytes, "image/jpeg");
}

/** Joins the objects of a PDF and writes the table of their places, as the format wants it. */
function assemblePdf(objects: readonly string[]): Buffer {
  let text = "%PDF-1.7\n";
  const places = objects.map((object, index) => {
    const place = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const table = text.length;
  const size = objects.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}`;
  text += `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

/** A one-page PDF that looks like a bill, as a proof of address. */
export function billPdf(seed: string): DemoFile {
  const numbers = numbersFrom(seed);
  const lines = Array.from({ length: 60 }, (_, index) => {
    const y = 760 - index * 11;
    const width = 60 + 280 * numbers.next().value;
    const amount = 20 + 50 * numbers.next().value;
    return `60 ${y} ${width.toFixed(1)} 5 re f 440 ${y} ${amount.toFixed(1)} 5 re f`;
  });
  const words = "BT /F1 18 Tf 60 800 Td (Sample utility bill, of nobody) Tj ET";
  const content = `0.2 g\n${words}\n0.6 g\n${lines.join("\n")}`;
  const bytes = assemblePdf([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ]);
  return fileOf(bytes, "application/pdf");
}
