import { expect } from "vitest";
import { test } from "../../../helpers/db.ts";

test("moments are written in UTC with milliseconds, whatever the session's time zone", async ({
  db,
}) => {
  await db.sql`set local time zone 'Asia/Kathmandu'`;
  const [row] =
    await db.sql`select private.iso('2026-11-20 09:21:07.123456+00') as at, private.iso(null) as none`;
  expect(row).toEqual({ at: "2026-11-20T09:21:07.123Z", none: null });
});
