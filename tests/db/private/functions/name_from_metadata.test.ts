import { expect } from "vitest";
import { test } from "../../../helpers/db.ts";

test.for([
  ["its parts", { given_name: "Maria Clara", family_name: "Santos" }, "Maria Clara", "Santos"],
  ["the whole", { full_name: "Maria Clara  Santos " }, "Maria Clara", "Santos"],
  ["the whole under its other key", { name: "Ada Lovelace" }, "Ada", "Lovelace"],
  ["one word", { full_name: "Pelé" }, "Pelé", null],
  ["the parts before the whole", { given_name: "Ada", full_name: "X Y" }, "Ada", null],
  ["nothing", {}, null, null],
  ["what is no name", { full_name: "A\u202eB \u0001" }, null, null],
  ["what is too long", { full_name: `${"x".repeat(101)} Y` }, null, "Y"],
] as const)("from %s", async ([, metadata, given, family], { db }) => {
  const [row] = await db.sql`
    select private.name_from_metadata(${db.sql.json(metadata)}, 'given_name') as given,
      private.name_from_metadata(${db.sql.json(metadata)}, 'family_name') as family,
      private.name_from_metadata(${db.sql.json(metadata)}, 'first_name') as first`;
  expect(row).toEqual({ given, family, first: null });
});
