import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonFaults } from "../../../supabase/functions/_shared/domain/strict-json.ts";

const pointersOf = (text: string) => findJsonFaults(text).map(({ pointer }) => pointer);

test.each([
  ['{"a":1,"a":2}', ["#/a"]],
  ['{"a":1,"\\u0061":2}', ["#/a"]],
  ['{"a":{"b":1,"c":{"b":2,"b":3}}}', ["#/a/c/b"]],
  ['[{"x":1},{"x":1,"x":2}]', ["#/1/x"]],
  ['{"a":[1,{"b":"}","b":"{"}]}', ["#/a/1/b"]],
  ['{"a/b~c":1,"a/b~c":2}', ["#/a~1b~0c"]],
  ['{"":1,"":2}', ["#/"]],
  ['{"a":1,"a":2,"a":3}', ["#/a", "#/a"]],
  ['{"__proto__":1,"__proto__":2}', ["#/__proto__"]],
])("%s has members twice at %j", (text, pointers) => {
  expect(pointersOf(text)).toEqual(pointers);
});

test.each([
  '{"a":"a","b":{"a":1},"c":[{"a":1},{"a":2}]}',
  '{"a":"\\"a\\":1,\\"a\\":2"}',
  '{"a":"\\\\","b":"\\\\\\""}',
  '["a","a"]',
  '"a"',
  "  { }  ",
])("%s has none", (text) => {
  expect(pointersOf(text)).toEqual([]);
});

test("nesting ends at 32 levels", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  expect(pointersOf(nested(32))).toEqual([]);
  expect(findJsonFaults(nested(33))).toMatchObject([{ pointer: "#", code: "too_deep" }]);
  expect(findJsonFaults(nested(100_000))).toHaveLength(1);
});

test("what JSON.stringify writes never has a member twice", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 3 }), (value, indent) => {
      expect(findJsonFaults(JSON.stringify(value, null, indent))).toEqual([]);
    }),
  );
});

test("a member repeated anywhere is found, however it is spelled", () => {
  const spelled = (name: string) =>
    `"${[...name].map((_, index) => `\\u${name.charCodeAt(index).toString(16).padStart(4, "0")}`).join("")}"`;
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue(), { minKeys: 1 }),
      (value) => {
        const [name = ""] = Object.keys(value);
        const text = `${JSON.stringify(value).slice(0, -1)},${spelled(name)}:null}`;
        expect(pointersOf(text)).toEqual([`#/${name}`]);
      },
    ),
  );
});
