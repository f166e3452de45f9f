import ts from "typescript";
import { expect, test } from "vitest";
import { read, sourceFiles } from "./lib/files.ts";
import { lineOf, nodes, parse } from "./lib/syntax.ts";

const production = sourceFiles("supabase/functions", "scripts", "mock-kyc", "admin-console");

function offenders(paths: readonly string[], matches: (node: ts.Node) => boolean): string[] {
  return paths.flatMap((path) =>
    [...nodes(parse(path))].filter(matches).map((node) => `${path}:${lineOf(node)}`),
  );
}

const isConstAssertion = (node: ts.AsExpression) =>
  ts.isTypeReferenceNode(node.type) && node.type.getText() === "const";

test("product code asserts no types: parse, narrow or use satisfies instead of `as`", () => {
  expect(
    offenders(production, (node) => ts.isAsExpression(node) && !isConstAssertion(node)),
  ).toEqual([]);
});

test("product code silences no checker", () => {
  const silenced = production.filter((path) =>
    /@ts-(ignore|nocheck|expect-error)|biome-ignore(?!.*: \S)/.test(read(path)),
  );
  expect(silenced).toEqual([]);
});

test("only env.ts reads the environment of the functions", () => {
  const readers = sourceFiles("supabase/functions").filter(
    (path) => !path.endsWith("_shared/env.ts") && /\bDeno\.env\b|\bprocess\.env\b/.test(read(path)),
  );
  expect(readers).toEqual([]);
});

test("an entry file has at most 20 lines and only starts its app", () => {
  const entries = sourceFiles("supabase/functions").filter((path) => path.endsWith("/index.ts"));
  expect(entries.length).toBeGreaterThanOrEqual(6);
  for (const path of entries) {
    expect(read(path).trimEnd().split("\n").length, path).toBeLessThanOrEqual(20);
    expect(read(path), path).toContain("export default { fetch");
  }
});

test("operations catch nothing: the boundary turns every error into a problem", () => {
  const operations = sourceFiles("supabase/functions").filter((path) =>
    path.includes("/operations/"),
  );
  expect(operations.length).toBeGreaterThan(10);
  expect(offenders(operations, ts.isTryStatement)).toEqual([]);
});

test("tests wait for conditions, never for time", () => {
  const sleeping = sourceFiles("tests").filter(
    (path) =>
      !path.startsWith("tests/repo/") &&
      /\bsleep\(\s*\d|setTimeout\(resolve, \d{3,}/.test(read(path)),
  );
  expect(sleeping).toEqual([]);
});
