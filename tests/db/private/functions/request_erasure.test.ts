import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createProcessing,
  createStaff,
  move,
  statusOf,
} from "../../../helpers/db-fixtures.ts";
import {
  actionsOf,
  createReadyExport,
  deliverAll,
  eraseInAuth,
  erasureOf,
  later,
  requestErasure,
  runSchedules,
  the,
} from "../../../helpers/db-privacy.ts";

const ask = (sql: Db["sql"]) => sql`select private.request_erasure()`;
const keeps = (sql: Db["sql"]) => sql`select * from private.erasure_requests order by user_id`;

async function profileOf(db: Db, userId: string) {
  return the(
    await db.sql`
    select first_name, last_name, date_of_birth, salutation, phone, email, is_soft_deleted,
      is_permanently_deleted
    from public.profiles where user_id = ${userId}`,
  );
}
const EMPTY = {
  first_name: null,
  last_name: null,
  date_of_birth: null,
  salutation: null,
  phone: null,
  email: null,
  is_soft_deleted: true,
  is_permanently_deleted: true,
};

test("somebody whose identity was never checked is erased at once", async ({ db }) => {
  const id = await createPerson(db);
  const verification = await createDraft(db, id);
  await addDocument(db, id, verification);
  expect(await requestErasure(db, id)).toMatchObject({
    status: "accepted",
    erasable_after: null,
    erased_now: [
      "account",
      "contact_details",
      "event_bodies",
      "document_files",
      "profile",
      "address",
      "verifications",
    ],
  });
  expect(await profileOf(db, id)).toEqual(EMPTY);
  expect(await db.sql`select from public.addresses where user_id = ${id}`).toHaveLength(0);
  expect(await statusOf(db, verification)).toBe("cancelled");

  expect(await deliverAll(db)).toEqual(["auth.erase", "storage.remove"]);
  await eraseInAuth(db, id);
  await runSchedules(db);
  // A link for an upload may be good for two hours more.
  expect(await erasureOf(db, id)).toMatchObject({ status: "accepted", completed_at: null });
  await later(db, "131 minutes");
  expect(await deliverAll(db)).toEqual(["storage.clear"]);
  await runSchedules(db);
  expect(await erasureOf(db, id)).toMatchObject({ status: "completed", last_error: null });
  // Auth had put the hash of the address there.
  expect(await profileOf(db, id)).toEqual(EMPTY);
  expect((await actionsOf(db, id)).slice(-3)).toEqual([
    "user.erasure_requested",
    "user.erasure_begun",
    "user.erasure_completed",
  ]);
});

test("somebody whose identity was checked keeps the record for five years, and loses the rest", async ({
  db,
}) => {
  const { userId, verificationId } = await createProcessing(db);
  await db.sql`update public.profiles set phone = '+4915112345678', salutation = 'Dr.'
    where user_id = ${userId}`;
  await move(db, verificationId, "approved", "provider");
  const answer = await requestErasure(db, userId);
  expect(answer.status).toBe("scheduled");
  expect(answer.erased_now).toEqual([
    "account",
    "contact_details",
    "event_bodies",
    "document_files",
  ]);
  const [fiveYears] = await db.sql`
    select ${answer.erasable_after}::text::timestamptz = date_trunc('milliseconds', private.now() + '5 years') as fits`;
  expect(fiveYears).toEqual({ fits: true });
  expect(await profileOf(db, userId)).toMatchObject({
    first_name: "Anna",
    last_name: "Schmidt",
    phone: null,
    salutation: null,
    email: null,
  });

  expect(await deliverAll(db)).toEqual(["auth.erase", "provider.redact", "storage.remove"]);
  await eraseInAuth(db, userId);
  await later(db, "3 hours");
  await deliverAll(db);
  await runSchedules(db);
  const scheduled = await erasureOf(db, userId);
  expect(scheduled).toMatchObject({ status: "scheduled", completed_at: null });
  expect(scheduled.provider_erased_at).not.toBeNull();

  await later(db, "4 years 364 days");
  await runSchedules(db);
  expect(await profileOf(db, userId)).toMatchObject({ last_name: "Schmidt" });
  await later(db, "2 days");
  await runSchedules(db);
  expect(await erasureOf(db, userId)).toMatchObject({ status: "completed" });
  expect(await profileOf(db, userId)).toEqual(EMPTY);
  const [attempt] = await db.sql`
    select applicant, extracted from private.kyc_attempts where verification_id = ${verificationId}`;
  expect(attempt).toEqual({ applicant: {}, extracted: null });
});

test("what is being decided is decided first; then its files go too", async ({ db }) => {
  const { userId, verificationId } = await createProcessing(db);
  const answer = await requestErasure(db, userId);
  expect(answer.erased_now).not.toContain("document_files");
  expect(await deliverAll(db)).toEqual(["auth.erase"]);
  await move(db, verificationId, "rejected", "provider", "document_fraud");
  await later(db, "1 hour");
  await runSchedules(db);
  expect(await deliverAll(db)).toEqual(["provider.redact", "storage.remove"]);
});

test("asking again answers the same request, and an export that is ready goes", async ({ db }) => {
  const id = await createPerson(db);
  const { export_id } = await createReadyExport(db, id);
  const first = await requestErasure(db, id);
  expect(first.erased_now).toContain("exports");
  expect(await requestErasure(db, id)).toEqual(first);
  expect(await db.sql`select from private.erasure_requests where user_id = ${id}`).toHaveLength(1);
  const [left] = await db.sql`
    select status, steps from private.data_exports where export_id = ${export_id}`;
  expect(left).toEqual({ status: "expired", steps: {} });
});

test("the account is closed with the request: no session, no sign-in, nothing to see", async ({
  db,
}) => {
  const id = await createPerson(db);
  await db.sql`insert into auth.sessions (id, user_id) values (gen_random_uuid(), ${id})`;
  await requestErasure(db, id);
  expect(await db.sql`select from auth.sessions where user_id = ${id}`).toHaveLength(0);
  const [task] = await db.sql`select task from private.account_tasks where user_id = ${id}`;
  expect(task).toEqual({ task: "access" });
  const seen = await db.as(user(id), (sql) => sql`select from public.profiles`);
  expect(seen).toHaveLength(0);
});

test("a message that was given up is sent again: an erasure is a duty", async ({ db }) => {
  const id = await createPerson(db);
  await requestErasure(db, id);
  await db.sql`update private.outbox set status = 'dead', finished_at = private.now()
    where subject_id = ${id} and topic = 'auth.erase'`;
  await later(db, "1 hour");
  await runSchedules(db);
  expect(await deliverAll(db)).toEqual(["auth.erase"]);
});

test("the last administrator, deleted accounts and callers without a person are refused", async ({
  db,
}) => {
  await db.sql`delete from private.user_roles where role <> 'admin'`;
  const admin = await createStaff(db, "admin");
  await db.sql`update public.profiles set is_soft_deleted = true where user_id in (
    select user_id from private.user_roles where role = 'admin' and user_id <> ${admin})`;
  await expectDenied(db, "NF040", { as: user(admin), does: ask, keeps });
  const deleted = await createPerson(db);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${deleted}`;
  await expectDenied(db, "NF012", { as: user(deleted), does: ask, keeps });
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does: ask, keeps });
  await createStaff(db, "admin");
  expect(await requestErasure(db, admin)).toMatchObject({ status: "accepted" });
  expect(await db.sql`select from private.user_roles where user_id = ${admin}`).toHaveLength(0);
});

test("a request that cannot be taken further does not stop the others", async ({ db }) => {
  const [stuck, fine] = [await createPerson(db), await createPerson(db)];
  for (const id of [stuck, fine]) {
    await requestErasure(db, id);
    await eraseInAuth(db, id);
  }
  await deliverAll(db);
  await db.sql.unsafe(`
    create function private.planted() returns trigger language plpgsql as
    $$ begin raise exception 'Planted.' using errcode = 'XX001'; end $$;
    create trigger planted before update on public.profiles for each row
      when (old.user_id = '${stuck}') execute function private.planted()`);
  await later(db, "2 minutes");
  await runSchedules(db);
  expect(await erasureOf(db, fine)).toMatchObject({ status: "completed" });
  expect(await erasureOf(db, stuck)).toMatchObject({ status: "accepted", last_error: "XX001" });
});

test("a request that is completed stays completed, and no row goes", async ({ db }) => {
  const id = await createPerson(db);
  await requestErasure(db, id);
  await db.sql`update private.erasure_requests
    set status = 'completed', completed_at = private.now(), next_run_at = null where user_id = ${id}`;
  for (const statement of [
    "update private.erasure_requests set status = 'accepted', completed_at = null, next_run_at = now()",
    "delete from private.erasure_requests",
  ]) {
    await expectDenied(db, "NF010", {
      as: { role: "postgres" },
      does: (sql) => sql.unsafe(statement),
      keeps,
    });
  }
});
