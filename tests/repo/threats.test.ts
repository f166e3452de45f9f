import { expect, test } from "vitest";
import { read, sourceFiles } from "./lib/files.ts";

const ID = /\b[A-Z]{2,8}-\d{2}\b/g;

const listed = [...read("docs/security.md").matchAll(/^\| ([A-Z]{2,8}-\d{2}) \|/gm)].flatMap(
  ([, id]) => id ?? [],
);

/** Ids in brackets at the start of a title, as in `test("[AUTH-01] a forged token is refused"`. */
const named = sourceFiles("tests").flatMap((path) =>
  [...read(path).matchAll(/["'`]((?:\[[A-Z]{2,8}-\d{2}\] )+)/g)].flatMap(
    ([, ids = ""]) => ids.match(ID) ?? [],
  ),
);

test("every threat in docs/security.md is in the title of a test, and the reverse", () => {
  expect(listed.length).toBeGreaterThan(15);
  expect(new Set(listed).size).toBe(listed.length);
  expect([...new Set(named)].sort()).toEqual([...listed].sort());
});
