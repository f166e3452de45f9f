import { expect, test } from "vitest";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { files } from "./lib/files.ts";

const ids = Object.keys(operations).sort();
const named = (pattern: RegExp) => files.flatMap((path) => pattern.exec(path)?.[1] ?? []).sort();

const implemented = named(/^supabase\/functions\/[a-z-]+\/operations\/([^/]+)\.ts$/);

test("every operation of the contract has a path file of its name, and the reverse", () => {
  expect(named(/^openapi\/paths\/([^/]+)\.yaml$/)).toEqual(ids);
});

test("every operation file is named after an operation of its function", () => {
  expect(implemented.filter((id) => !ids.includes(id))).toEqual([]);
  for (const path of files.filter(
    (file) => file.includes("/operations/") && file.startsWith("supabase/functions/"),
  )) {
    const [, folder = "", group = ""] =
      /^supabase\/functions\/([a-z-]+)\/operations\/([A-Za-z]+)\./.exec(path) ?? [];
    expect(
      group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      path,
    ).toBe(folder);
  }
});

test("every implemented operation has a test of its name", () => {
  expect(named(/^tests\/api\/([a-zA-Z]+\.[a-zA-Z]+)\.test\.ts$/)).toEqual(implemented);
});

test("migrations are named <14 digits>_<verb>_<object>.sql and sort by time", () => {
  const migrations = files.filter((path) => path.startsWith("supabase/migrations/"));
  expect(migrations.length).toBeGreaterThan(5);
  for (const path of migrations) {
    expect(path).toMatch(/^supabase\/migrations\/\d{14}_[a-z]+_[a-z0-9_]+\.sql$/);
  }
  const stamps = migrations.map((path) => path.slice(20, 34));
  expect(new Set(stamps).size).toBe(stamps.length);
});
