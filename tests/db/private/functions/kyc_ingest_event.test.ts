import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest, providerEvent } from "../../../helpers/db-events.ts";
import {
  addDocument,
  createProcessing,
  createSubmitted,
  move,
  statusOf,
  submit,
} from "../../../helpers/db-fixtures.ts";

async function inboxRow(db: Db, eventId: string) {
  const [row] = await db.sql`
    select result, detail, delivery_count, mismatch_count, body, tries from private.webhook_inbox where event_id = ${eventId}`;
  return row;
}

const caseOf = async (db: Db, verificationId: string) => {
  const [row] = await db.sql`
    select c.reason_code, c.review_owner, c.risk_level, v.reason_code as shown, v.expires_at::date::text as expires_on
    from private.kyc_cases as c join public.kyc_verifications as v using (verification_id)
    where verification_id = ${verificationId}`;
  return row;
};

test("a verdict is applied once, kept byte for byte, and its deliveries counted", async ({
  db,
}) => {
  const { verificationId, reference } = await createProcessing(db);
  const event = {
    event_id: randomUUID(),
    outcome: "approved",
    provider_reference: reference,
    sequence: 1,
  };
  const body = '{ "b" : 1,\r\n"ü": "\\u0000" }';
  expect(await ingest(db, event, body)).toBe("applied");
  expect(await ingest(db, event, body)).toBe("duplicate");
  expect(await ingest(db, event, body)).toBe("duplicate");
  expect(await statusOf(db, verificationId)).toBe("approved");
  expect(await inboxRow(db, event.event_id)).toMatchObject({
    result: "applied",
    delivery_count: 3,
    body,
  });
  const [audit] = await db.sql`
    select count(*)::integer as moves from private.audit_log
    where stream = 'kyc:' || ${verificationId}::text and reason_code is null and details like '%"to": "approved"%'`;
  expect(audit).toEqual({ moves: 1 });
});

test("[EVENT-04] the same id with other bytes is an alert and changes nothing", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  const event = { event_id: randomUUID(), provider_reference: reference, sequence: 1 };
  await ingest(db, { ...event, outcome: "processing" }, "first");
  expect(await ingest(db, { ...event, outcome: "approved" }, "second")).toBe("payload_mismatch");
  expect(await statusOf(db, verificationId)).toBe("processing");
  expect(await inboxRow(db, event.event_id)).toMatchObject({
    body: "first",
    mismatch_count: 1,
    delivery_count: 1,
  });
  const [alert] = await db.sql`
    select action from private.audit_log where stream = 'provider:mock' order by sequence desc limit 1`;
  expect(alert).toEqual({ action: "kyc.event_mismatch" });
});

test("[EVENT-03] an older number is stale: the verdict stands", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  expect(
    await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 2 }),
  ).toBe("applied");
  expect(
    await ingest(db, { outcome: "rejected", provider_reference: reference, sequence: 1 }),
  ).toBe("stale");
  expect(
    await ingest(db, { outcome: "rejected", provider_reference: reference, sequence: 2 }),
  ).toBe("stale");
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("[EVENT-03] a verdict about documents that were replaced is stale", async ({ db }) => {
  const { userId, verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "resubmission_required",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["image_unreadable"],
  });
  await db.as(service, (sql) => sql`select private.shift_clock('1 minute')`);
  await addDocument(db, userId, verificationId);
  await submit(db, userId, verificationId);
  expect(
    await ingest(db, {
      outcome: "approved",
      provider_reference: reference,
      sequence: 2,
      attempt: 1,
    }),
  ).toBe("stale");
  expect(await statusOf(db, verificationId)).toBe("submitted");
});

test("an unknown reference is parked and applied when the reference appears", async ({ db }) => {
  const { verificationId, messageId } = await createSubmitted(db);
  const event = {
    event_id: randomUUID(),
    outcome: "approved",
    provider_reference: `ref_${randomUUID()}`,
    sequence: 1,
    attempt: null,
  };
  expect(await ingest(db, event)).toBe("parked");
  expect(await ingest(db, event)).toBe("parked");
  expect(await statusOf(db, verificationId)).toBe("submitted");
  await db.as(
    service,
    (sql) =>
      sql`select private.kyc_provider_accepted(${messageId}, ${event.provider_reference}, 202)`,
  );
  expect(await statusOf(db, verificationId)).toBe("approved");
  expect(await inboxRow(db, event.event_id)).toMatchObject({
    result: "applied",
    delivery_count: 2,
  });
});

test("an event that overtakes the answer to our request is matched by our own id", async ({
  db,
}) => {
  const { verificationId, messageId } = await createSubmitted(db);
  const reference = `ref_${randomUUID()}`;
  const event = {
    outcome: "approved",
    provider_reference: reference,
    verification_id: verificationId,
    sequence: 1,
  };
  expect(await ingest(db, event)).toBe("applied");
  const [answer] = await db.as(
    service,
    (sql) => sql`select private.kyc_provider_accepted(${messageId}, ${reference}, 202) as answer`,
  );
  expect(answer?.answer).toMatchObject({ status: "approved", was_open: true });
});

test("our own id does not help an event with another reference", async ({ db }) => {
  const { verificationId } = await createProcessing(db);
  const event = {
    outcome: "approved",
    provider_reference: "another",
    verification_id: verificationId,
    sequence: 9,
  };
  expect(await ingest(db, event)).toBe("parked");
  expect(await ingest(db, { ...event, verification_id: "not a uuid" })).toBe("parked");
  expect(await statusOf(db, verificationId)).toBe("processing");
});

test("against the rules is a conflict: kept as evidence, nothing moves", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "rejected",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["document_fraud"],
  });
  const event = {
    event_id: randomUUID(),
    outcome: "approved",
    provider_reference: reference,
    sequence: 2,
  };
  expect(await ingest(db, event)).toBe("conflict");
  expect(await statusOf(db, verificationId)).toBe("rejected");
  expect(await inboxRow(db, event.event_id)).toMatchObject({
    result: "conflict",
    detail: "rejected to approved",
  });
});

test("a review that our staff owns is not for the provider to decide", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await move(db, verificationId, "in_review", "staff");
  expect(
    await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 }),
  ).toBe("conflict");
  expect(await statusOf(db, verificationId)).toBe("in_review");
});

test("the provider decides the reviews that it owns, and leaves to us what it says", async ({
  db,
}) => {
  const own = await createProcessing(db);
  await ingest(db, { outcome: "in_review", provider_reference: own.reference, sequence: 1 });
  expect(await caseOf(db, own.verificationId)).toMatchObject({
    review_owner: "provider",
    reason_code: "provider_review",
  });
  expect(
    await ingest(db, { outcome: "approved", provider_reference: own.reference, sequence: 2 }),
  ).toBe("applied");

  const ours = await createProcessing(db);
  await ingest(db, {
    outcome: "in_review",
    provider_reference: ours.reference,
    sequence: 1,
    reason_codes: ["sanctions_hit"],
    risk_score: 95,
    review_owner: "internal",
  });
  expect(await caseOf(db, ours.verificationId)).toMatchObject({
    review_owner: "internal",
    reason_code: "sanctions_hit",
    risk_level: "critical",
    shown: null,
  });
  expect(
    await ingest(db, { outcome: "approved", provider_reference: ours.reference, sequence: 2 }),
  ).toBe("conflict");
});

test("the same state again is applied without effect", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  expect(
    await ingest(db, { outcome: "processing", provider_reference: reference, sequence: 1 }),
  ).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("processing");
});

test("a bad verdict after an approval freezes it for a person to look, it does not flip", async ({
  db,
}) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 });
  expect(
    await ingest(db, {
      outcome: "rejected",
      provider_reference: reference,
      sequence: 2,
      reason_codes: ["known_fraud"],
    }),
  ).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("in_review");
  expect(await caseOf(db, verificationId)).toMatchObject({
    review_owner: "internal",
    reason_code: "known_fraud",
  });
});

test("critical risk is never approved by itself", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "approved",
    provider_reference: reference,
    sequence: 1,
    risk_score: 92,
  });
  expect(await statusOf(db, verificationId)).toBe("in_review");
  expect(await caseOf(db, verificationId)).toMatchObject({
    reason_code: "high_risk",
    review_owner: "internal",
  });
});

test("an approval ends with the document, if that is sooner", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "approved",
    provider_reference: reference,
    sequence: 1,
    document_expires_on: "2027-01-31",
  });
  expect(await caseOf(db, verificationId)).toMatchObject({ expires_on: "2027-01-31" });
});

test("a hole in the numbers before a verdict asks the provider, a repetition does not", async ({
  db,
}) => {
  const fetches = async (verificationId: string) => {
    const rows =
      await db.sql`select from private.outbox where subject_id = ${verificationId} and topic = 'provider.fetch'`;
    return rows.length;
  };
  const gap = await createProcessing(db);
  await ingest(db, { outcome: "processing", provider_reference: gap.reference, sequence: 1 });
  await ingest(db, { outcome: "approved", provider_reference: gap.reference, sequence: 3 });
  expect(await fetches(gap.verificationId)).toBe(1);
  const whole = await createProcessing(db);
  await ingest(db, { outcome: "approved", provider_reference: whole.reference, sequence: 1 });
  expect(await fetches(whole.verificationId)).toBe(0);
});

test("a type that means nothing here is ignored, also for an unknown reference", async ({ db }) => {
  expect(await ingest(db, { outcome: null, provider_reference: "unknown", sequence: 1 })).toBe(
    "ignored",
  );
});

test("reasons that we do not know become `other`", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "rejected",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["made_up"],
  });
  expect(await caseOf(db, verificationId)).toMatchObject({ reason_code: "other", shown: "other" });
});

test("people and anonymous callers cannot send events", async ({ db }) => {
  const { userId, verificationId, reference } = await createProcessing(db);
  const event = providerEvent({ outcome: "approved", provider_reference: reference, sequence: 1 });
  for (const as of [user(userId), { role: "anon" } as const]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.kyc_ingest_event('mock', ${sql.json(event)}, '{}')`,
      keeps: (sql) =>
        sql`select * from public.kyc_verifications where verification_id = ${verificationId}`,
    });
  }
});
