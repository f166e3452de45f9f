import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { authCreates, beginCreation } from "../../../helpers/db-accounts.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { createOperator, nffUser } from "../../../helpers/db-operators.ts";

const abandon = async (db: Db, after: string, limit = 100) => {
  await db.as(service, (sql) => sql`select private.shift_clock(${after}::text::interval)`);
  const [row] = await db.as(
    service,
    (sql) => sql<{ count: number }[]>`select private.abandon_account_changes(${limit}) as count`,
  );
  return row?.count;
};

const statusOf = async (db: Db, id: string) => {
  const [row] = await db.sql<{ status: string }[]>`
    select status from private.account_changes where user_id = ${id}`;
  return row?.status;
};

test("a change waits five minutes for Auth, and no longer", async ({ db }) => {
  const id = await beginCreation(db, await createOperator(db), nffUser());
  expect(await abandon(db, "299 seconds")).toBe(0);
  expect(await statusOf(db, id)).toBe("pending");
  expect(await abandon(db, "1 second")).toBe(1);
  expect(await statusOf(db, id)).toBe("abandoned");
});

test("a change that was carried out stays so", async ({ db }) => {
  const input = nffUser();
  const id = await beginCreation(db, await createOperator(db), input);
  await authCreates(db, id, input.email);
  expect(await abandon(db, "1 hour")).toBe(0);
  expect(await statusOf(db, id)).toBe("applied");
});

test("the outcome is known as long as a client may repeat its request, and then forgotten", async ({
  db,
}) => {
  const id = await beginCreation(db, await createOperator(db), nffUser());
  await abandon(db, "5 minutes");
  await abandon(db, "48 hours");
  expect(await statusOf(db, id)).toBe("abandoned");
  await abandon(db, "24 hours");
  expect(await statusOf(db, id)).toBeUndefined();
});

test("a run takes as many as it is told", async ({ db }) => {
  const admin = await createOperator(db);
  for (let count = 0; count < 3; count += 1) await beginCreation(db, admin, nffUser());
  expect(await abandon(db, "5 minutes", 2)).toBe(2);
  expect(await abandon(db, "0", 2)).toBe(1);
});

test("only the worker abandons", async ({ db }) => {
  await beginCreation(db, await createOperator(db), nffUser());
  await expectDenied(db, "42501", {
    as: user(await createStaff(db, "admin")),
    does: (sql) => sql`select private.abandon_account_changes(100)`,
    keeps: (sql) => sql`select * from private.account_changes`,
  });
});
