import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseText } from "../../../supabase/functions/_shared/domain/text.ts";

test("texts become NFC and lose outer white space, at any depth", () => {
  const { value, faults } = normaliseText({
    a: [" N\u0303 "],
    b: { c: "\u00a0x y\ufeff" },
    d: 1,
    e: null,
  });
  expect(value).toEqual({ a: ["Ñ"], b: { c: "x y" }, d: 1, e: null });
  expect(faults).toEqual([]);
});

test.each([
  ["NUL", "a\u0000b"],
  ["a carriage return alone", "a\rb"],
  ["DEL", "a\u007fb"],
  ["a C1 control", "a\u0085b"],
  ["a line separator", "a\u2028b"],
  ["a right-to-left override", "a\u202eb"],
  ["an isolate", "a\u2066b"],
  ["a byte order mark inside", "a\ufeffb"],
  ["half a character", "a\ud83d"],
  ["the other half", "\ude00a"],
])("%s is refused where it stands", (_what, text) => {
  expect(normaliseText({ names: ["ok", text] }).faults).toMatchObject([
    { pointer: "#/names/1", code: "forbidden_character" },
  ]);
});

test("line breaks and tabs stay; those of Windows become ours", () => {
  expect(normaliseText(" a\r\n\tb\n")).toEqual({ value: "a\n\tb", faults: [] });
});

test.each(["😀 𠮷 é ß", "שלום", "a\u200db", "x-y_z'“”"])("%s is text", (text) => {
  expect(normaliseText(text)).toEqual({ value: text, faults: [] });
});

test("normalising twice changes nothing more, and keeps the shape", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      const once = normaliseText(input);
      expect(normaliseText(once.value)).toEqual(once);
      expect(Array.isArray(once.value)).toBe(Array.isArray(input));
    }),
  );
});

test("a member called __proto__ stays a member", () => {
  const { value } = normaliseText(JSON.parse('{"__proto__":{"admin":" yes "}}'));
  expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":"yes"}}');
});
