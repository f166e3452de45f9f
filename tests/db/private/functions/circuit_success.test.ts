import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("one success closes the circuit and forgets the failures", async ({ db }) => {
  const provider = randomUUID();
  await db.as(service, async (sql) => {
    await sql`select private.circuit_failure(${provider}, 'down') from generate_series(1, 7)`;
    await sql`select private.circuit_success(${provider})`;
  });
  const [row] = await db.sql`
    select consecutive_failures, open_until, last_error from private.provider_circuits where provider = ${provider}`;
  expect(row).toEqual({ consecutive_failures: 0, open_until: null, last_error: null });
});

test("a provider that never failed needs no row", async ({ db }) => {
  const provider = randomUUID();
  await db.as(service, (sql) => sql`select private.circuit_success(${provider})`);
  expect(
    await db.sql`select from private.provider_circuits where provider = ${provider}`,
  ).toHaveLength(0);
});

test("people cannot close a circuit", async ({ db }) => {
  const provider = randomUUID();
  await db.as(service, (sql) => sql`select private.circuit_failure(${provider}, 'down')`);
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select private.circuit_success(${provider})`,
    keeps: (sql) => sql`select * from private.provider_circuits where provider = ${provider}`,
  });
});
