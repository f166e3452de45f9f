import { expect } from "vitest";
import { test } from "../../../helpers/db.ts";

test.for([
  ["Anna", true],
  ["Søren Łukasz 李", true],
  ["O'Neil-Smith", true],
  ["", false],
  [" a", false],
  ["a ", false],
  ["x".repeat(21), false],
  ["a\u0001", false],
  ["a\u0085", false],
  ["a\u2028", false],
  ["a\u202e", false],
  ["a\u2066", false],
  ["a\ufeff", false],
] as const)("%j: %s", async ([text, expected], { db }) => {
  const [row] = await db.sql`select private.is_plain_text(${text}, 20) as is_plain`;
  expect(row).toEqual({ is_plain: expected });
});
