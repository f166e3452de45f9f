import { readdirSync, readFileSync } from "node:fs";
import postgres from "postgres";
import { describe, expect, test as plain } from "vitest";
import { test } from "../helpers/db.ts";
import { readTap } from "../helpers/tap.ts";

const folder = new URL("../../supabase/tests/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".test.sql"));

test("the pgTAP files run as they do with `supabase test db`", async ({ database }) => {
  expect(files.length).toBeGreaterThan(0);
  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  await admin`create extension pgtap with schema extensions`;
  await admin.end();
  for (const file of files) {
    const results = await database.client
      .unsafe(readFileSync(new URL(file, folder), "utf8"))
      .simple();
    const output = results
      .flat()
      .flatMap((row) => Object.values(row).filter((value) => typeof value === "string"));
    const lines = readTap(output);
    expect(
      lines.filter((line) => !line.ok),
      file,
    ).toEqual([]);
    expect(lines.length, file).toBeGreaterThan(5);
  }
});

describe("the reader of TAP", () => {
  plain("sees what failed", () => {
    expect(readTap(["1..2", "ok 1 - a", "not ok 2 - b\n# Failed test 2"])).toEqual([
      { ok: true, name: "a" },
      { ok: false, name: "b" },
    ]);
  });
  plain("does not take an early end, or no plan, for success", () => {
    expect(readTap(["1..2", "ok 1 - a"]).at(-1)).toEqual({ ok: false, name: "planned 2, ran 1" });
    expect(readTap(["ok 1 - a"]).at(-1)).toMatchObject({ ok: false });
    expect(readTap([]).at(-1)).toMatchObject({ ok: false });
  });
});
