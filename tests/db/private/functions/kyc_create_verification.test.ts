import { expect } from "vitest";
import { expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createDraft, createPerson, createUser, move } from "../../../helpers/db-fixtures.ts";

const create = (sql: Sql) => sql`select private.kyc_create_verification() as body`;
const rowsOf = (id: string) => (sql: Sql) =>
  sql`select * from public.kyc_verifications where user_id = ${id}`;

test("a person starts a draft that names what is missing", async ({ db }) => {
  const id = await createUser(db);
  const [row] = await db.as(user(id), create);
  expect(row?.body).toMatchObject({
    status: "draft",
    previous_id: null,
    attempt: 0,
    max_attempts: 3,
    version: 1,
    documents: [],
    submitted_at: null,
    expires_at: null,
  });
  expect(
    row?.body.requirements.map(
      (item: { kind: string; field: string | null }) => item.field ?? item.kind,
    ),
  ).toEqual([
    "first_name",
    "last_name",
    "date_of_birth",
    "address",
    "terms",
    "privacy",
    "kyc_processing",
    "document",
  ]);
  const [times] = await db.sql`
    select deadline_at - created_at = interval '7 days' as is_a_week from public.kyc_verifications where user_id = ${id}`;
  expect(times).toEqual({ is_a_week: true });
});

test("while one is open, a second is refused with the id of the first", async ({ db }) => {
  const id = await createPerson(db);
  const open = await createDraft(db, id);
  await expectDenied(db, "NF031", { as: user(id), does: create, keeps: rowsOf(id) });
  await expect(db.as(user(id), create)).rejects.toMatchObject({ detail: open });
});

test("after an end the new draft names the one before", async ({ db }) => {
  const id = await createPerson(db);
  const first = await createDraft(db, id);
  await move(db, first, "cancelled", "user");
  const [row] = await db.as(user(id), create);
  expect(row?.body).toMatchObject({ previous_id: first, status: "draft" });
});

test("a renewal runs beside a valid approval", async ({ db }) => {
  const id = await createPerson(db);
  const first = await createDraft(db, id);
  await move(db, first, "submitted", "user");
  await move(db, first, "approved", "provider");
  const [row] = await db.as(user(id), create);
  expect(row?.body).toMatchObject({ previous_id: first, status: "draft" });
  const [state] = await db.as(user(id), (sql) => sql`select private.kyc_projection() as kyc`);
  expect(state?.kyc).toMatchObject({ status: "approved", next_action: "provide_requirements" });
});

test("after a final rejection there is no new one", async ({ db }) => {
  const id = await createPerson(db);
  const first = await createDraft(db, id);
  await move(db, first, "submitted", "user");
  await move(db, first, "rejected", "provider", "document_fraud");
  await expectDenied(db, "NF034", { as: user(id), does: create, keeps: rowsOf(id) });
});

test("a suspended person and a backend cannot start one", async ({ db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "42501", { as: service, does: create, keeps: rowsOf(id) });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does: create, keeps: rowsOf(id) });
});
