import { describe, expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  completePerson,
  createDraft,
  createPerson,
  createProcessing,
  createUser,
  move,
} from "../../../helpers/db-fixtures.ts";
import { requestErasure, runSchedules } from "../../../helpers/db-privacy.ts";
import { createEndpoint, emit, eventsOf, later } from "../../../helpers/db-webhooks.ts";

const typesOf = async (db: Db, subjectId: string) =>
  (await eventsOf(db, subjectId)).map(({ type }) => type);

describe("without anybody who listens", () => {
  test("nothing is written", async ({ db }) => {
    await createProcessing(db);
    const [left] = await db.sql`
      select (select count(*) from private.webhook_subjects)::int as subjects,
        (select count(*) from private.webhook_messages)::int as messages`;
    expect(left).toEqual({ subjects: 0, messages: 0 });
  });

  test("nothing is written of what nobody subscribes to, nor for a deleted endpoint", async ({
    db,
  }) => {
    const { endpointId } = await createEndpoint(db, ["user.erased"]);
    const subject = await emit(db, "user.updated");
    await db.sql`update private.webhook_endpoints set deleted_at = private.now() where endpoint_id = ${endpointId}`;
    await emit(db, "user.erased", subject);
    expect(await eventsOf(db, subject)).toEqual([]);
  });
});

describe("a verification", () => {
  test("tells of each status, with ids and codes, in the transaction of the change", async ({
    db,
  }) => {
    await createEndpoint(db, ["kyc.*"]);
    const { userId, verificationId, reference } = await createProcessing(db);
    await ingest(db, {
      outcome: "rejected",
      provider_reference: reference,
      verification_id: verificationId,
      sequence: 1,
      reason_codes: ["document_forged"],
    });
    const events = await eventsOf(db, verificationId);
    expect(events.map(({ type, data }) => [type, data.sequence, data.previous_status])).toEqual([
      ["kyc.draft", 1, null],
      ["kyc.submitted", 2, "draft"],
      ["kyc.processing", 3, "submitted"],
      ["kyc.rejected", 4, "processing"],
    ]);
    const [row] = await db.sql`
      select status, reason_code, version from public.kyc_verifications where verification_id = ${verificationId}`;
    expect(events[3]).toEqual({
      type: "kyc.rejected",
      sequence: 4,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        user_id: userId,
        verification_id: verificationId,
        status: "rejected",
        previous_status: "processing",
        reason_code: row?.reason_code,
        attempt: 1,
        version: row?.version,
        sequence: 4,
      },
    });
  });

  test("an internal reason is not told", async ({ db }) => {
    await createEndpoint(db, ["kyc.status_changed"]);
    const { verificationId, reference } = await createProcessing(db);
    await ingest(db, {
      outcome: "in_review",
      provider_reference: reference,
      verification_id: verificationId,
      sequence: 1,
      reason_codes: ["sanctions_hit"],
    });
    const event = (await eventsOf(db, verificationId)).at(-1);
    expect(event?.type).toBe("kyc.in_review");
    expect(JSON.stringify(event)).not.toContain("sanctions");
  });

  test("what is undone was never told", async ({ db }) => {
    await createEndpoint(db, ["kyc.*"]);
    const userId = await createPerson(db);
    const attempt = db.sql.savepoint(async () => {
      await createDraft(db, userId);
      throw new Error("undo");
    });
    await expect(attempt).rejects.toThrow("undo");
    const [count] = await db.sql`select count(*)::int as n from private.webhook_messages`;
    expect(count).toEqual({ n: 0 });
  });

  test("a reminder is an event too", async ({ db }) => {
    await createEndpoint(db, ["kyc.reminder"]);
    const userId = await createPerson(db);
    const verificationId = await createDraft(db, userId);
    await later(db, "2 days");
    await runSchedules(db);
    const [reminder] = await db.sql`
      select kind, private.iso(due_at) as due_at from private.kyc_reminders where verification_id = ${verificationId}`;
    const [event] = await eventsOf(db, verificationId);
    expect(event).toMatchObject({
      type: "kyc.reminder",
      data: { user_id: userId, verification_id: verificationId, ...reminder },
    });
  });
});

describe("a person", () => {
  test("tells of a life, without a word of it", async ({ db }) => {
    await createEndpoint(db, ["user.*"]);
    const userId = await createUser(db, { first_name: "Anna", last_name: "Schmidt" });
    await completePerson(db, userId);
    const set = (columns: string) =>
      db.sql.unsafe(`update public.profiles set ${columns} where user_id = '${userId}'`);
    await set("suspended_at = private.now()");
    await set("suspended_at = null");
    await set("is_soft_deleted = true");
    await set("is_soft_deleted = false");
    const events = await eventsOf(db, userId);
    expect(events.map(({ type, sequence }) => [sequence, type])).toEqual([
      [1, "user.created"],
      [2, "user.updated"],
      [3, "user.suspended"],
      [4, "user.reinstated"],
      [5, "user.soft_deleted"],
      [6, "user.reactivated"],
    ]);
    for (const { data, sequence } of events) expect(data).toEqual({ user_id: userId, sequence });
  });

  test("several changes of one transaction are one event", async ({ db }) => {
    await createEndpoint(db, ["user.*"]);
    const userId = await createUser(db);
    await completePerson(db, userId);
    const [row] = await db.sql`select version from public.profiles where user_id = ${userId}`;
    expect(row?.version).toBeGreaterThan(2);
    expect(await typesOf(db, userId)).toEqual(["user.created", "user.updated"]);
  });

  test("an erasure tells of the end of the account and of its own end, not of what went", async ({
    db,
  }) => {
    await createEndpoint(db, ["user.*"]);
    const userId = await createUser(db, { first_name: "Anna", last_name: "Schmidt" });
    await requestErasure(db, userId);
    await db.sql`update private.erasure_requests set status = 'completed', completed_at = private.now(), next_run_at = null
      where user_id = ${userId} and status <> 'completed'`;
    expect(await typesOf(db, userId)).toEqual([
      "user.created",
      "user.permanently_deleted",
      "user.erased",
    ]);
    const [traces] = await db.sql`
      select count(*)::int as n from private.webhook_messages where body ~ 'Anna|Schmidt|@example'`;
    expect(traces).toEqual({ n: 0 });
  });
});

describe("who gets it", () => {
  test("each endpoint once, whatever names the event; the others not at all", async ({ db }) => {
    const { endpointId, adminId } = await createEndpoint(db, [
      "kyc.approved",
      "kyc.*",
      "kyc.status_changed",
    ]);
    const changed = await createEndpoint(db, ["kyc.status_changed"], {}, adminId);
    await createEndpoint(db, ["user.*", "kyc.rejected"], {}, adminId);
    const subject = await emit(db, "kyc.approved");
    await emit(db, "kyc.reminder", subject);
    const rows = await db.sql`
      select m.type, d.endpoint_id from private.webhook_deliveries as d
      join private.webhook_messages as m using (message_id) order by m.sequence, d.created_at, d.delivery_id`;
    expect(rows.map(({ type, endpoint_id }) => [type, endpoint_id]).sort()).toEqual(
      [
        ["kyc.approved", endpointId],
        ["kyc.approved", changed.endpointId],
        ["kyc.reminder", endpointId],
      ].sort(),
    );
  });

  test("for a disabled endpoint it waits", async ({ db }) => {
    await createEndpoint(db, ["user.*"], { enabled: false });
    await emit(db);
    const rows = await db.sql`select status from private.webhook_deliveries`;
    expect([...rows]).toEqual([{ status: "pending" }]);
  });
});

test("every status of a verification is in the catalogue, and it knows no other", async ({
  db,
}) => {
  const rows = await db.sql`
    select (select array_agg('kyc.' || s order by 'kyc.' || s) from unnest(enum_range(null::public.kyc_status)) as s)
      = (select array_agg(type order by type) from private.webhook_event_types
         where 'kyc.status_changed' = any (subscriptions)) as "isSame"`;
  expect([...rows]).toEqual([{ isSame: true }]);
  await expect(
    db.sql.savepoint(async () => {
      await createEndpoint(db, ["user.*"]);
      await emit(db, "user.invented");
    }),
  ).rejects.toMatchObject({ code: "P0002" });
});

test("messages are written once, and nobody writes them by hand", async ({ db }) => {
  const { adminId } = await createEndpoint(db, ["user.*"]);
  await emit(db);
  await expect(
    db.sql.savepoint((sql) => sql`update private.webhook_messages set body = '{}'`),
  ).rejects.toMatchObject({ code: "NF010" });
  for (const as of [anon, service, user(adminId)]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) =>
        sql`select private.webhook_emit('user.updated', gen_random_uuid(), null, '{}')`,
      keeps: (sql) => sql`select count(*) from private.webhook_messages`,
    });
  }
});

test("a move by staff is told like any other", async ({ db }) => {
  await createEndpoint(db, ["kyc.cancelled"]);
  const userId = await createPerson(db);
  const id = await createDraft(db, userId);
  await move(db, id, "cancelled", "user");
  expect(await typesOf(db, id)).toEqual(["kyc.cancelled"]);
});
