import { expect } from "vitest";
import { test } from "../../../helpers/db.ts";

/** The milliseconds that an id says it was made at. */
const madeAt = (id: string) => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);

test("an id tells its version, its variant and when it was made", async ({ db }) => {
  const before = Date.now();
  const [row] = await db.sql<{ id: string }[]>`select private.uuid_v7()::text as id`;
  const after = Date.now();
  const id = row?.id ?? "";
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(madeAt(id)).toBeGreaterThanOrEqual(before - 1);
  expect(madeAt(id)).toBeLessThanOrEqual(after + 1);
});

test("ids of one millisecond keep their order, and none comes twice", async ({ db }) => {
  const rows = await db.sql<{ id: string }[]>`
    select private.uuid_v7()::text as id from generate_series(1, 20000)`;
  const ids = rows.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  // Within one microsecond the random part decides; the time part never goes back.
  const times = ids.map((id) => id.slice(0, 18));
  expect(times).toEqual([...times].sort());
  // Many to a millisecond, so that the order inside of one was seen.
  expect(new Set(ids.map(madeAt)).size).toBeLessThan(ids.length / 10);
});
