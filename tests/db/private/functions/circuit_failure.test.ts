import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const failing = async (db: Db, provider: string) => {
  const [row] = await db.as(
    service,
    (sql) => sql`select private.circuit_failure(${provider}, 'down') as is_open`,
  );
  return row?.is_open;
};

test("the fifth failure in a row opens the circuit for a minute; a failure half open opens it again", async ({
  db,
}) => {
  const provider = randomUUID();
  for (const expected of [false, false, false, false, true])
    expect(await failing(db, provider)).toBe(expected);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect(await failing(db, provider)).toBe(true);
});

test("people cannot open a circuit", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select private.circuit_failure('mock', 'x')`,
    keeps: (sql) => sql`select * from private.provider_circuits where provider = 'mock'`,
  });
});
