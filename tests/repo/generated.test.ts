import { expect, test } from "vitest";
import { ERRORS } from "../../supabase/functions/_shared/errors.ts";
import { files, isGenerated, read } from "./lib/files.ts";

test("generated files say so on top and name the command", () => {
  const generated = files.filter((path) => isGenerated(path) && !path.endsWith(".json"));
  expect(generated.length).toBeGreaterThan(4);
  for (const path of generated) {
    const head = read(path).slice(0, 400);
    expect(head, path).toMatch(/do not edit/i);
    expect(head, path).toContain("npm run generate");
  }
});

test("SQL raises only codes of the closed list", () => {
  const known = new Set<string>();
  for (const entry of Object.values(ERRORS)) if ("sqlstate" in entry) known.add(entry.sqlstate);
  const raised = files
    .filter((path) => path.startsWith("supabase/migrations/"))
    .flatMap((path) => [...read(path).matchAll(/'(NF[0-9A-Z]{3})'/g)].map(([, code]) => code));
  expect(raised.length).toBeGreaterThan(10);
  expect(raised.filter((code) => code && !known.has(code))).toEqual([]);
});

test("each SQLSTATE stands for one code", () => {
  const states = Object.values(ERRORS).flatMap((entry) =>
    "sqlstate" in entry ? [entry.sqlstate] : [],
  );
  expect(new Set(states).size).toBe(states.length);
});
