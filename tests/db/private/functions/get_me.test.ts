import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import {
  createDraft,
  createPerson,
  createStaff,
  createUser,
} from "../../../helpers/db-fixtures.ts";

test("a person sees profile, address, roles, KYC and flags in one answer", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const [row] = await db.as(user(id), (sql) => sql`select private.get_me() as me`);
  expect(row?.me).toMatchObject({
    user_id: id,
    email: `${id}@example.com`,
    version: 3,
    profile: { first_name: "Anna", last_name: "Schmidt", date_of_birth: "1990-04-23", phone: null },
    address: { city: "Berlin", country: "DE" },
    roles: [],
    kyc: { status: "action_required", verification_id: verificationId, remaining_attempts: 3 },
    flags: { profile_complete: true, consents_complete: true, suspended: false },
  });
});

test("a new person sees what is missing, a suspended one that it is", async ({ db }) => {
  const id = await createUser(db);
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  const [row] = await db.as(user(id), (sql) => sql`select private.get_me() as me`);
  expect(row?.me).toMatchObject({
    address: null,
    kyc: { status: "not_started", next_action: "start_verification", verification_id: null },
    flags: { profile_complete: false, consents_complete: false, suspended: true },
  });
});

test("staff sees its roles, in the order of the list", async ({ db }) => {
  const id = await createStaff(db, "admin", "reviewer");
  const [row] = await db.as(user(id), (sql) => sql`select private.get_me() -> 'roles' as roles`);
  expect(row).toEqual({ roles: ["reviewer", "admin"] });
});

test("a deleted person, an anonymous caller and a backend are refused", async ({ db }) => {
  const id = await createPerson(db);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  const does = (sql: typeof db.sql) => sql`select private.get_me()`;
  const keeps = (sql: typeof db.sql) => sql`select * from public.profiles where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});
