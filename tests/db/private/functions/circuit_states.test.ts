import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const stateOf = async (db: Db, provider: string) => {
  const rows = await db.as(service, (sql) => sql`select * from private.circuit_states()`);
  return rows.find((row) => row.provider === provider);
};

test("a circuit is closed, open, half open", async ({ db }) => {
  const provider = randomUUID();
  const fail = (times: number) =>
    db.as(
      service,
      (sql) =>
        sql`select private.circuit_failure(${provider}, 'down') from generate_series(1, ${times})`,
    );
  expect(await stateOf(db, provider)).toBeUndefined();
  await fail(4);
  expect(await stateOf(db, provider)).toMatchObject({
    state: "closed",
    consecutive_failures: 4,
    open_until: null,
  });
  await fail(1);
  expect(await stateOf(db, provider)).toMatchObject({
    state: "open",
    open_until: expect.stringMatching(/Z$/),
  });
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect(await stateOf(db, provider)).toMatchObject({ state: "half_open" });
});

test("people cannot look", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select * from private.circuit_states()`,
    keeps: (sql) => sql`select * from private.provider_circuits order by provider`,
  });
});
