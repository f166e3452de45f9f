import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { type EventFields, ingest } from "../../../helpers/db-events.ts";
import { createProcessing, createStaff, move, statusOf } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";
import { expectRoles } from "../../../helpers/db-staff-lists.ts";

type Shown = { readonly result: string; readonly attempts: number; readonly error: string | null };

const replay = (id: string) => async (sql: Sql) => {
  const [row] = await sql<{ event: Shown }[]>`select private.replay_webhook_event(${id}) as event`;
  return row?.event;
};
const inbox = (sql: Sql) => sql`select * from private.webhook_inbox order by event_row_id`;
const compliance = async (db: Db) => user(await createStaff(db, "compliance_admin"));

/** Takes an event in; gives what it is called here. */
async function take(db: Db, fields: EventFields, result: string): Promise<string> {
  const event_id = randomUUID();
  expect(await ingest(db, { ...fields, event_id })).toBe(result);
  const [row] = await db.sql<{ id: string }[]>`
    select event_row_id as id from private.webhook_inbox where event_id = ${event_id}`;
  return row?.id ?? "";
}

const know = (db: Db, verificationId: string, reference: string) =>
  db.sql`update private.kyc_attempts set provider_reference = ${reference} where verification_id = ${verificationId}`;

test("a parked event is applied when its reference is known by now, and not a second time", async ({
  db,
}) => {
  const as = await compliance(db);
  const reference = `ref_${randomUUID()}`;
  const id = await take(
    db,
    { provider_reference: reference, outcome: "approved", sequence: 1 },
    "parked",
  );
  expect(await db.as(as, replay(id))).toMatchObject({
    result: "parked",
    attempts: 2,
    next_attempt_at: expect.any(String),
  });
  const { verificationId } = await createProcessing(db);
  await know(db, verificationId, reference);
  expect(await db.as(as, replay(id))).toMatchObject({
    result: "applied",
    attempts: 3,
    error: null,
    verification_id: verificationId,
    next_attempt_at: null,
  });
  expect(await statusOf(db, verificationId)).toBe("approved");
  const before = await inbox(db.sql);
  const entries = await auditOf(db, `kyc:${verificationId}`);
  expect(entries.at(-1)).toMatchObject({
    actor_kind: "staff",
    actor_id: "id" in as ? as.id : "",
    action: "kyc.event_replayed",
    details: '{"after": "applied", "before": "parked"}',
  });
  expect(await db.as(as, replay(id))).toMatchObject({ result: "applied", attempts: 3 });
  expect(await inbox(db.sql)).toEqual(before);
  expect(await auditOf(db, `kyc:${verificationId}`)).toEqual(entries);
});

test("a dead one comes back to life, and stays dead when nothing is known still", async ({
  db,
}) => {
  const as = await compliance(db);
  const reference = `ref_${randomUUID()}`;
  const id = await take(
    db,
    { provider_reference: reference, outcome: "approved", sequence: 1 },
    "parked",
  );
  await db.as(service, (sql) => sql`select private.shift_clock('25 hours')`);
  await db.as(service, (sql) => sql`select private.kyc_retry_parked(50)`);
  expect(await db.as(as, replay(id))).toMatchObject({
    result: "dead",
    attempts: 3,
    next_attempt_at: null,
  });
  const { verificationId } = await createProcessing(db);
  await know(db, verificationId, reference);
  expect(await db.as(as, replay(id))).toMatchObject({ result: "applied" });
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("a conflict is applied when the rules allow it now", async ({ db }) => {
  const as = await compliance(db);
  const { verificationId, reference } = await createProcessing(db);
  await move(db, verificationId, "in_review", "scheduler", "provider_timeout");
  await db.sql`update private.kyc_cases set review_owner = 'internal' where verification_id = ${verificationId}`;
  const about = { provider_reference: reference };
  const id = await take(db, { ...about, outcome: "approved", sequence: 5 }, "conflict");
  expect(await db.as(as, replay(id))).toMatchObject({ result: "conflict", attempts: 2 });
  expect(await statusOf(db, verificationId)).toBe("in_review");
  await db.sql`update private.kyc_cases set review_owner = 'provider' where verification_id = ${verificationId}`;
  expect(await db.as(as, replay(id))).toMatchObject({ result: "applied", attempts: 3 });
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("a conflict that the provider has gone beyond is stale, and the newer word stays", async ({
  db,
}) => {
  const as = await compliance(db);
  const { verificationId, reference } = await createProcessing(db);
  await move(db, verificationId, "in_review", "scheduler", "provider_timeout");
  await db.sql`update private.kyc_cases set review_owner = 'internal' where verification_id = ${verificationId}`;
  const about = { provider_reference: reference };
  const id = await take(db, { ...about, outcome: "approved", sequence: 5 }, "conflict");
  await take(db, { ...about, outcome: "rejected", sequence: 6 }, "conflict");
  await db.sql`update private.kyc_cases set review_owner = 'provider' where verification_id = ${verificationId}`;
  expect(await db.as(as, replay(id))).toMatchObject({ result: "stale" });
  expect(await statusOf(db, verificationId)).toBe("in_review");
  const [attempt] = await db.sql`
    select last_sequence::integer, outcome from private.kyc_attempts where verification_id = ${verificationId}`;
  expect(attempt).toEqual({ last_sequence: 6, outcome: "rejected" });
});

test("applied, stale and ignored events are answered as they are", async ({ db }) => {
  const as = await compliance(db);
  const { reference } = await createProcessing(db);
  const about = { provider_reference: reference };
  const ids = [
    await take(db, { ...about, outcome: "approved", sequence: 2 }, "applied"),
    await take(db, { ...about, outcome: "processing", sequence: 1 }, "stale"),
    await take(db, { ...about, outcome: null }, "ignored"),
  ];
  const before = await inbox(db.sql);
  for (const id of ids) expect(await db.as(as, replay(id))).toMatchObject({ attempts: 1 });
  expect(await inbox(db.sql)).toEqual(before);
});

test("an event that nobody knows, whose body is gone, or is not the one that was signed", async ({
  db,
}) => {
  const as = await compliance(db);
  const id = await take(db, { provider_reference: randomUUID(), outcome: "approved" }, "parked");
  await expectDenied(db, "NF020", { as, does: replay(randomUUID()), keeps: inbox });
  await db.sql`update private.webhook_inbox set body = body || ' ' where event_row_id = ${id}`;
  await expectDenied(db, "NF036", { as, does: replay(id), keeps: inbox });
  await db.sql`update private.webhook_inbox set body = null where event_row_id = ${id}`;
  await expectDenied(db, "NF020", { as, does: replay(id), keeps: inbox });
});

test("compliance administrators and administrators", async ({ db }) => {
  const id = await take(db, { provider_reference: randomUUID(), outcome: "approved" }, "parked");
  await expectRoles(db, ["compliance_admin", "admin"], replay(id), inbox);
});

test("[QUEUE-02] nobody has the provider's word about themselves said again", async ({ db }) => {
  const { userId, verificationId, reference } = await createProcessing(db);
  await move(db, verificationId, "in_review", "staff", "manual_review");
  const id = await take(
    db,
    {
      provider_reference: reference,
      verification_id: verificationId,
      outcome: "approved",
      sequence: 1,
    },
    "conflict",
  );
  await move(db, verificationId, "submitted", "staff");
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", {
    as: user(userId),
    does: replay(id),
    keeps: (sql) => sql`
      select status, version, result, (select count(*) from private.audit_log) as entries
      from public.kyc_verifications join private.webhook_inbox using (verification_id)
      where verification_id = ${verificationId}`,
  });
});

test("[QUEUE-02] nobody looks by this at an event about themselves that stays as it is", async ({
  db,
}) => {
  const { userId, reference } = await createProcessing(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  const about = { provider_reference: reference };
  const ids = [
    await take(db, { ...about, outcome: "rejected", sequence: 1 }, "applied"),
    await take(db, { ...about, outcome: null }, "ignored"),
  ];
  for (const id of ids) {
    await expectDenied(db, "NF010", { as: user(userId), does: replay(id), keeps: inbox });
  }
});
