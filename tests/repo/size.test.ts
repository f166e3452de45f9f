import ts from "typescript";
import { expect, test } from "vitest";
import { files, isGenerated, read, sourceFiles } from "./lib/files.ts";
import { lineOf, nodes, parse } from "./lib/syntax.ts";

const countLines = (path: string) => read(path).trimEnd().split("\n").length;

const LIMITS: readonly { what: string; match: (path: string) => boolean; lines: number }[] = [
  { what: "TypeScript", match: (path) => /\.(tsx?|mjs)$/.test(path), lines: 400 },
  { what: "a migration", match: (path) => path.startsWith("supabase/migrations/"), lines: 300 },
  { what: "a contract file", match: (path) => /^openapi\/.*\.yaml$/.test(path), lines: 150 },
];
/** The root of a contract only lists paths, so it may grow with their number. */
const CONTRACT_ROOT = "openapi/openapi.yaml";

test.each(LIMITS)("no file of $what is longer than $lines lines (find the seam)", (limit) => {
  const long = files
    .filter((path) => limit.match(path) && !isGenerated(path) && path !== CONTRACT_ROOT)
    .map((path) => ({ path, lines: countLines(path) }))
    .filter(({ lines }) => lines > limit.lines);
  expect(long).toEqual([]);
});

test("few source files are longer than 250 lines", () => {
  const production = sourceFiles("supabase/functions", "scripts", "mock-kyc", "admin-console");
  const long = production.filter((path) => countLines(path) > 250);
  expect(production.length).toBeGreaterThan(50);
  expect(long.length / production.length, long.join(", ")).toBeLessThan(0.03);
});

/** Lines of a function without those of the functions inside it, which are counted for themselves. */
function ownLines(node: ts.Node): number {
  let lines = node.getText().split("\n").length;
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child)) lines -= child.getText().split("\n").length - 1;
    else child.forEachChild(visit);
  };
  node.forEachChild(visit);
  return lines;
}

test("no function of the product is longer than 50 lines (name a part of it)", () => {
  const long: string[] = [];
  for (const path of sourceFiles("supabase/functions", "scripts", "mock-kyc", "admin-console")) {
    for (const node of nodes(parse(path))) {
      if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) continue;
      if (ownLines(node) > 50) long.push(`${path}:${lineOf(node)} has ${ownLines(node)} lines`);
    }
  }
  expect(long).toEqual([]);
});
