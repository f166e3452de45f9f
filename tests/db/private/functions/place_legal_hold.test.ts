import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createPerson, createProcessing, createStaff, move } from "../../../helpers/db-fixtures.ts";
import {
  actionsOf,
  deliverAll,
  eraseInAuth,
  erasureOf,
  later,
  requestErasure,
  runSchedules,
  the,
} from "../../../helpers/db-privacy.ts";

const place =
  (userId: string, reason = "litigation") =>
  (sql: Db["sql"]) =>
    sql<{ hold: { hold_id: string } }[]>`
    select private.place_legal_hold(${userId}, ${reason}) as hold`;
const release = (holdId: string) => (sql: Db["sql"]) =>
  sql`select private.release_legal_hold(${holdId}) as hold`;
const keeps = (sql: Db["sql"]) => sql`select * from private.legal_holds order by hold_id`;

async function hold(db: Db, staff: string, userId: string, reason?: string): Promise<string> {
  return the(await db.as(user(staff), place(userId, reason))).hold.hold_id;
}

test("[PRIV-04] under a hold an erasure closes the account and erases nothing; after it, it goes on", async ({
  db,
}) => {
  const staff = await createStaff(db, "compliance_admin");
  const id = await createPerson(db);
  await db.sql`update public.profiles set phone = '+4915112345678' where user_id = ${id}`;
  const holdId = await hold(db, staff, id);
  expect(await requestErasure(db, id)).toMatchObject({ status: "legal_hold", erased_now: [] });
  await later(db, "10 years");
  await runSchedules(db);
  expect(await deliverAll(db)).toEqual([]);
  const [kept] = await db.sql`
    select last_name, phone, is_soft_deleted from public.profiles where user_id = ${id}`;
  expect(kept).toEqual({ last_name: "Schmidt", phone: "+4915112345678", is_soft_deleted: true });

  await db.as(user(staff), release(holdId));
  await runSchedules(db);
  expect(await deliverAll(db)).toEqual(["auth.erase"]);
  await eraseInAuth(db, id);
  await later(db, "2 minutes");
  await runSchedules(db);
  expect(await erasureOf(db, id)).toMatchObject({ status: "completed" });
  expect((await actionsOf(db, id)).filter((action) => /hold|erasure/.test(action))).toEqual([
    "user.legal_hold_placed",
    "user.erasure_requested",
    "user.erasure_held",
    "user.legal_hold_released",
    "user.erasure_begun",
    "user.erasure_resumed",
    "user.erasure_completed",
  ]);
});

test("a hold stops removals that wait to be sent, and the retention of document files", async ({
  db,
}) => {
  const staff = await createStaff(db, "compliance_admin");
  const { userId, verificationId } = await createProcessing(db);
  await move(db, verificationId, "approved", "provider");
  await requestErasure(db, userId);
  const holdId = await hold(db, staff, userId);
  expect(await deliverAll(db)).toEqual([]);
  await later(db, "91 days");
  await runSchedules(db);
  expect(await deliverAll(db)).toEqual([]);
  expect(await erasureOf(db, userId)).toMatchObject({ status: "legal_hold" });
  await db.as(user(staff), release(holdId));
  expect(await deliverAll(db)).toEqual([
    "auth.erase",
    "provider.redact",
    "storage.clear",
    "storage.remove",
  ]);
});

test("[PRIV-04] files and events of somebody who did not ask for anything stay under a hold too", async ({
  db,
}) => {
  const staff = await createStaff(db, "compliance_admin");
  const { userId, verificationId, reference } = await createProcessing(db);
  await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 });
  const bodies = async () => {
    const rows = await db.sql`select body from private.webhook_inbox
      where verification_id = ${verificationId} and body is not null`;
    return rows.length;
  };
  const holdId = await hold(db, staff, userId);
  await later(db, "91 days");
  await runSchedules(db);
  expect(await deliverAll(db)).not.toContain("storage.remove");
  expect(await bodies()).toBe(1);
  await db.as(user(staff), release(holdId));
  await runSchedules(db);
  expect(await deliverAll(db)).toContain("storage.remove");
  expect(await bodies()).toBe(0);
});

test("holds for several reasons stand side by side; each reason holds once", async ({ db }) => {
  const staff = await createStaff(db, "compliance_admin");
  const id = await createPerson(db);
  const first = await hold(db, staff, id, "litigation");
  await hold(db, staff, id, "investigation");
  await expectDenied(db, "NF041", { as: user(staff), does: place(id, "litigation"), keeps });
  await db.as(user(staff), release(first));
  expect(await requestErasure(db, id)).toMatchObject({ status: "legal_hold" });
});

test("only compliance administrators place holds, on people who are still there", async ({
  db,
}) => {
  const [staff, id] = [await createStaff(db, "compliance_admin"), await createPerson(db)];
  for (const role of ["support", "reviewer", "approver", "auditor", "admin"]) {
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: place(id),
      keeps,
    });
  }
  await expectDenied(db, "NF010", { as: user(id), does: place(id), keeps });
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", { as, does: place(id), keeps });
  }
  const unknown = "019a9f3e-7c2b-7d41-8a6f-0c5d2e1b4a90";
  await expectDenied(db, "NF020", { as: user(staff), does: place(unknown), keeps });
  await requestErasure(db, id);
  await db.sql`update private.erasure_requests
    set status = 'completed', completed_at = private.now(), next_run_at = null where user_id = ${id}`;
  await expectDenied(db, "NF043", { as: user(staff), does: place(id), keeps });
});
