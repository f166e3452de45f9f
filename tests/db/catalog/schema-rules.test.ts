import { existsSync } from "node:fs";
import { expect } from "vitest";
import { test } from "../../helpers/db.ts";
import { functionGrants } from "./expected/grants.ts";
import { rowAccess } from "./expected/row-access.ts";
import { schemaRules } from "./schema-rules.ts";

test.for(schemaRules)("$name", async ({ finds }, { db }) => {
  expect([...(await db.sql.unsafe(finds))]).toEqual([]);
});

test.for(schemaRules.filter(({ plant }) => plant !== ""))(
  "the rule finds what breaks it: $name",
  async ({ finds, plant }, { db }) => {
    await db.sql.unsafe(plant).simple();
    expect([...(await db.sql.unsafe(finds))]).not.toEqual([]);
  },
);

const testOf = (path: string) => existsSync(new URL(`../${path}.test.ts`, import.meta.url));

test("every exposed table has its test file", () => {
  expect(Object.keys(rowAccess).filter((name) => !testOf(`public/tables/${name}`))).toEqual([]);
});

test("every function that an API role can call has its test file", () => {
  const names = new Set(Object.values(functionGrants).flat());
  expect([...names].sort().filter((name) => !testOf(`private/functions/${name}`))).toEqual([]);
});
