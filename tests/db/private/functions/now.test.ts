import { expect } from "vitest";
import { anon, expectDenied, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("the clock is the time of the transaction plus the shift, for everybody alike", async ({
  db,
}) => {
  const id = await createUser(db);
  await db.sql`update private.settings set clock_shift = '3 days'`;
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.now() - pg_catalog.now() = interval '3 days' as shifted`,
  );
  expect(row).toEqual({ shifted: true });
});

test("the settings behind it are readable by nobody", async ({ db }) => {
  const id = await createUser(db);
  for (const as of [anon, user(id), { role: "service_role" } as const]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select clock_shift from private.settings`,
      keeps: (sql) => sql`select * from private.settings`,
    });
  }
});
