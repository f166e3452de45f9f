import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("a merge patch changes what it names, removes what is null and keeps the rest", async ({
  db,
}) => {
  const id = await createUser(db, { first_name: "Anna", last_name: "Schmidt" });
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.update_me('{"first_name": "Berta", "last_name": null}', 1) as me`,
  );
  expect(row?.me).toMatchObject({ version: 2, profile: { first_name: "Berta", last_name: null } });
});

test("a patch that changes nothing leaves version and audit alone", async ({ db }) => {
  const id = await createPerson(db);
  const keeps = () => db.sql`
    select (select version from public.profiles where user_id = ${id}) as version,
      (select count(*) from private.audit_log where stream = 'user:' || ${id}::text) as entries`;
  const before = await keeps();
  await db.as(user(id), (sql) => sql`select private.update_me('{"first_name": "Anna"}', null)`);
  expect([...(await keeps())]).toEqual([...before]);
});

test("the audit says which members changed, not to what", async ({ db }) => {
  const id = await createUser(db);
  await db.as(user(id), (sql) => sql`select private.update_me('{"last_name": "Geheim"}', null)`);
  const [entry] = await db.sql`
    select action, actor_id, details from private.audit_log where stream = 'user:' || ${id}::text`;
  expect(entry).toEqual({
    action: "user.profile_changed",
    actor_id: id,
    details: '{"members": ["last_name"]}',
  });
});

test.for(["email", "suspended_at", "is_soft_deleted", "version", "user_id", "created_at"])(
  "%s in a patch changes nothing",
  async (member, { db }) => {
    const id = await createPerson(db);
    const before = await db.sql`select * from public.profiles where user_id = ${id}`;
    await db.as(
      user(id),
      (sql) => sql`select private.update_me(${sql.json({ [member]: "2020-01-01" })}, null)`,
    );
    expect([...(await db.sql`select * from public.profiles where user_id = ${id}`)]).toEqual([
      ...before,
    ]);
  },
);

test.for([
  ["NF050", '{"first_name": "X"}', 99],
  ["NF001", '{"first_name": ""}', null],
  ["NF001", '{"phone": "1"}', null],
  ["NF001", '{"date_of_birth": "2999-01-01"}', null],
  ["NF001", '{"date_of_birth": "yesterday?"}', null],
] as const)("refused with %s: %s at version %s", async ([code, patch, version], { db }) => {
  const id = await createPerson(db);
  await expectDenied(db, code, {
    as: user(id),
    does: (sql) => sql`select private.update_me(${patch}::text::jsonb, ${version})`,
    keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
  });
});

test("a refused value is named", async ({ db }) => {
  const id = await createPerson(db);
  await expect(
    db.as(user(id), (sql) => sql`select private.update_me('{"middle_name": " x"}', null)`),
  ).rejects.toMatchObject({ code: "NF001", detail: "middle_name" });
});

test("a suspended or deleted person is refused", async ({ db }) => {
  const id = await createPerson(db);
  for (const flag of [{ suspended_at: "2026-01-01" }, { is_soft_deleted: true }]) {
    await db.sql`update public.profiles set ${db.sql(flag)} where user_id = ${id}`;
    await expectDenied(db, "NF012", {
      as: user(id),
      does: (sql) => sql`select private.update_me('{"first_name": "X"}', null)`,
      keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
    });
    await db.sql`update public.profiles set suspended_at = null where user_id = ${id}`;
  }
});
