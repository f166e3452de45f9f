import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  type Caller,
  type Db,
  expectDenied,
  machine,
  operator,
  test,
} from "../../../helpers/db.ts";
import { authChangesEmail, createPersonAs, settle, signUp } from "../../../helpers/db-accounts.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { changesOf, createKey, createOperator, nffUser } from "../../../helpers/db-operators.ts";

const update = async (db: Db, as: Caller, id: string, version: number, input: object) => {
  const [row] = await db.as(
    as,
    (sql) => sql<{ state: { outcome: string; version: number } }[]>`
      select private.nff_update_user(${id}, ${version}, ${sql.json({ ...input })}) as state`,
  );
  if (!row) throw new Error("No answer.");
  return row.state;
};

const read = async (db: Db, as: Caller, id: string) => {
  const [row] = await db.as(
    as,
    (sql) => sql<{ person: Record<string, unknown> & { version: number } }[]>`
      select private.nff_get_user(${id}) as person`,
  );
  if (!row) throw new Error("No person.");
  return row.person;
};

const whole = (id: string) => (sql: Db["sql"]) =>
  sql`
  select * from public.profiles as p left join public.addresses as a using (user_id) where user_id = ${id}`;

test("given members change, the others stay; null removes", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser({ middle_name: "King", salutation: "Lady" }));
  const before = await read(db, admin, id);
  const { outcome, version } = await update(db, admin, id, before.version, {
    middle_name: null,
    city: "Hamburg",
    postal_code: "20095",
  });
  expect(outcome).toBe("applied");
  expect(version).toBeGreaterThan(before.version);
  expect(await read(db, admin, id)).toEqual({
    ...before,
    middle_name: null,
    city: "Hamburg",
    postal_code: "20095",
    version,
  });
  expect((await changesOf(db, id)).at(-1)).toMatchObject({
    action: "user.changed",
    details: '{"members": ["city", "middle_name", "postal_code"]}',
  });
});

test("what changes nothing counts as no change", async ({ db }) => {
  const admin = await createOperator(db);
  const input = nffUser();
  const id = await createPersonAs(db, admin, input);
  const { version } = await read(db, admin, id);
  const email = input.email.toUpperCase();
  expect(await update(db, admin, id, version, { city: input.city, email })).toEqual({
    outcome: "applied",
    version,
  });
  expect(await changesOf(db, id)).toHaveLength(1);
});

test("a new e-mail address and what comes with it change in one commit of Auth", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const id = await createPersonAs(db, operator(admin), nffUser());
  const before = await read(db, operator(admin), id);
  const email = `${randomUUID()}@example.com`;
  const changes = { last_name: "Byron", city: "London", country: "GB" };
  expect(await update(db, operator(admin), id, before.version, { email, ...changes })).toEqual({
    outcome: "pending",
    version: null,
  });
  expect(await read(db, operator(admin), id)).toEqual(before);

  await authChangesEmail(db, id, email);
  const after = await read(db, operator(admin), id);
  expect(after).toEqual({ ...before, email, ...changes, version: after.version });
  expect(await settle(db, operator(admin), "update", id)).toEqual({
    outcome: "applied",
    version: after.version,
  });
  expect((await changesOf(db, id)).at(-1)).toMatchObject({
    actor_id: admin,
    action: "user.changed",
    details: '{"members": ["city", "country", "email", "last_name"]}',
  });
});

test("a change in between wins: the new e-mail address is taken back", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  const { version, email: old } = await read(db, admin, id);
  const email = `${randomUUID()}@example.com`;
  await update(db, admin, id, version, { email, city: "London" });
  await update(db, admin, id, version, { city: "Hamburg" });
  await expect(authChangesEmail(db, id, email)).rejects.toMatchObject({ code: "NF050" });
  expect(await settle(db, admin, "update", id)).toMatchObject({ outcome: "stale" });
  expect(await read(db, admin, id)).toMatchObject({ email: old, city: "Hamburg" });
});

test("an e-mail address that was taken meanwhile", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  const { version } = await read(db, admin, id);
  const email = `${randomUUID()}@example.com`;
  await update(db, admin, id, version, { email });
  await signUp(db, email.toUpperCase());
  await expect(authChangesEmail(db, id, email)).rejects.toMatchObject({ code: "NF030" });
  expect(await settle(db, admin, "update", id)).toMatchObject({ outcome: "email_taken" });
  await expectDenied(db, "NF030", {
    as: admin,
    does: (sql) => sql`select private.nff_update_user(${id}, ${version}, ${sql.json({ email })})`,
    keeps: whole(id),
  });
});

test("a change that the person makes through Auth does not carry out another one", async ({
  db,
}) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  const { version } = await read(db, admin, id);
  await update(db, admin, id, version, { email: `${randomUUID()}@example.com`, city: "London" });
  const own = `${randomUUID()}@example.com`;
  await authChangesEmail(db, id, own);
  expect(await read(db, admin, id)).toMatchObject({ email: own, city: "Berlin" });
  expect(await settle(db, admin, "update", id)).toMatchObject({ outcome: "stale" });
});

test("another version is refused", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  const { version } = await read(db, admin, id);
  for (const wrong of [version - 1, version + 1, 0]) {
    await expectDenied(db, "NF050", {
      as: admin,
      does: (sql) => sql`select private.nff_update_user(${id}, ${wrong}, '{"city": "London"}')`,
      keeps: whole(id),
    });
  }
});

test("a deleted user is not changed, an unknown one not found", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  await db.as(admin, (sql) => sql`select private.nff_soft_delete_user(${id})`);
  const { version } = await read(db, admin, id);
  await expectDenied(db, "NF043", {
    as: admin,
    does: (sql) => sql`select private.nff_update_user(${id}, ${version}, '{"city": "London"}')`,
    keeps: whole(id),
  });
  await expectDenied(db, "NF020", {
    as: admin,
    does: (sql) => sql`select private.nff_update_user(${randomUUID()}, 1, '{"city": "London"}')`,
    keeps: (sql) => sql`select user_id from public.profiles order by 1`,
  });
});

test.for([
  [{ date_of_birth: "2999-01-01" }, "date_of_birth"],
  [{ city: null }, "city"],
  [{ first_name: "\u2066Ada" }, "first_name"],
  [{ country: "Germany" }, "country"],
] as const)("%j is refused", async ([input, member], { db }) => {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  const { version } = await read(db, admin, id);
  await expect(update(db, admin, id, version, input)).rejects.toMatchObject({
    code: "NF001",
    detail: member,
  });
  expect(await read(db, admin, id)).toMatchObject({ version });
});

test("a first address has to be a whole one", async ({ db }) => {
  const admin = await createOperator(db);
  const id = await createUser(db);
  await expect(update(db, admin, id, 1, { city: "Berlin" })).rejects.toMatchObject({
    code: "NF001",
    detail: "address_name",
  });
  const { first_name, last_name, email, ...address } = nffUser();
  expect(await update(db, admin, id, 1, address)).toMatchObject({ outcome: "applied" });
  expect(await read(db, admin, id)).toMatchObject({ ...address, address_is_soft_deleted: false });
});

test("a machine key changes customers, but nobody of the staff", async ({ db }) => {
  const key = machine((await createKey(db)).keyId);
  const [customer, staff] = [await createUser(db), await createStaff(db, "support")];
  expect(await update(db, key, customer, 1, { first_name: "Ada" })).toMatchObject({
    outcome: "applied",
  });
  for (const input of [{ first_name: "Eve" }, { email: "eve@example.com" }]) {
    await expectDenied(db, "NF010", {
      as: key,
      does: (sql) => sql`select private.nff_update_user(${staff}, 1, ${sql.json(input)})`,
      keeps: whole(staff),
    });
  }
});

test("the own e-mail address of staff takes a second factor, where staff needs one", async ({
  db,
}) => {
  const own = await createStaff(db, "admin");
  const admin = operator(own);
  const [staff, customer] = [await createStaff(db, "support"), await createUser(db)];
  await db.sql`update private.settings set staff_mfa_required = true`;
  const email = `${randomUUID()}@example.com`;
  await expectDenied(db, "NF011", {
    as: admin,
    does: (sql) => sql`select private.nff_update_user(${own}, 1, ${sql.json({ email })})`,
    keeps: whole(own),
  });
  expect(await update(db, admin, staff, 1, { middle_name: "Ada" })).toMatchObject({
    outcome: "applied",
  });
  expect(await update(db, admin, customer, 1, { email })).toMatchObject({ outcome: "pending" });
});
