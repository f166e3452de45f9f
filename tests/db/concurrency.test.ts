import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { service, user } from "../helpers/db.ts";
import { arrange, atOnce, test } from "../helpers/db-at-once.ts";
import { providerEvent } from "../helpers/db-events.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createProcessing,
  createSubmitted,
  createUser,
} from "../helpers/db-fixtures.ts";

const count = (values: readonly string[], value: string) =>
  values.filter((each) => each === value).length;

test("[EVENT-02] 20 deliveries of one event at once: applied once, counted 20 times", async ({
  pool,
}) => {
  const { verificationId, reference } = await arrange(pool, createProcessing);
  const event = providerEvent({ outcome: "approved", provider_reference: reference, sequence: 1 });
  const results = await atOnce(
    pool,
    20,
    service,
    (sql) => sql`
    select private.kyc_ingest_event('mock', ${sql.json(event)}, '{"a":1}') ->> 'result' as result`,
  );
  expect(count(results, "applied")).toBe(1);
  expect(count(results, "duplicate")).toBe(19);
  const [row] = await pool`
    select (select delivery_count from private.webhook_inbox where event_id = ${event.event_id}) as deliveries,
      (select count(*)::integer from private.audit_log where stream = 'kyc:' || ${verificationId}::text
        and details like '%"to": "approved"%') as moves`;
  expect(row).toEqual({ deliveries: 20, moves: 1 });
});

test("events of one verification at once, in any order: the newest wins, nothing is lost", async ({
  pool,
}) => {
  const { verificationId, reference } = await arrange(pool, createProcessing);
  const outcomes = ["processing", "processing", "processing", "approved"];
  const results = await atOnce(
    pool,
    outcomes.length,
    service,
    (sql, index) => sql`
    select private.kyc_ingest_event('mock', ${sql.json(
      providerEvent({
        outcome: outcomes[index] ?? null,
        provider_reference: reference,
        sequence: index + 1,
      }),
    )}, ${String(index)}) ->> 'result' as result`,
  );
  expect(results.filter((result) => result !== "applied" && result !== "stale")).toEqual([]);
  const [row] =
    await pool`select status from public.kyc_verifications where verification_id = ${verificationId}`;
  expect(row).toEqual({ status: "approved" });
});

test("an event of a repeated submission waits for the answer that is being noted, and is not parked behind it", async ({
  pool,
}) => {
  const { verificationId } = await arrange(pool, createProcessing);
  const reference = randomUUID();
  const event = providerEvent({
    outcome: "approved",
    provider_reference: reference,
    verification_id: verificationId,
    sequence: 9,
  });
  const delivered = await pool.begin(async (noting) => {
    await noting`
      select private.kyc_provider_accepted(message_id, ${reference}, 202) from private.outbox
      where subject_id = ${verificationId} and topic = 'provider.submit'`;
    const delivery = pool<{ result: string }[]>`
      select private.kyc_ingest_event('mock', ${pool.json(event)}, '{}') ->> 'result' as result`.execute();
    await expect
      .poll(async () => {
        const [row] = await noting<{ waiting: boolean }[]>`
          select exists (select from pg_stat_activity
            where wait_event_type = 'Lock' and query like '%kyc_ingest_event%' and datname = current_database()
          ) as waiting`;
        return row?.waiting;
      })
      .toBe(true);
    return { delivery };
  });
  const [row] = await delivered.delivery;
  expect(row).toEqual({ result: "applied" });
});

test("an event and the answer to our own request at once: approved, whoever is first", async ({
  pool,
}) => {
  for (let round = 0; round < 5; round += 1) {
    const { verificationId, messageId } = await arrange(pool, createSubmitted);
    const reference = randomUUID();
    const event = providerEvent({
      outcome: "approved",
      provider_reference: reference,
      verification_id: verificationId,
      sequence: 1,
    });
    const results = await atOnce(pool, 2, service, (sql, index) =>
      index === 0
        ? sql`select private.kyc_provider_accepted(${messageId}, ${reference}, 202) ->> 'status' as result`
        : sql`select private.kyc_ingest_event('mock', ${sql.json(event)}, '') ->> 'result' as result`,
    );
    expect(results[1]).toBe("applied");
    const [row] =
      await pool`select status from public.kyc_verifications where verification_id = ${verificationId}`;
    expect(row).toEqual({ status: "approved" });
  }
});

test("four workers share 200 messages without taking one twice", async ({ pool }) => {
  await pool`insert into private.outbox (topic, subject_id, provider, idempotency_key, next_attempt_at)
    select 'provider.redact', gen_random_uuid(), 'shared', gen_random_uuid()::text, private.now() from generate_series(1, 200)`;
  const taken: string[] = [];
  const work = async () => {
    for (;;) {
      const rows = await pool<{ message_id: string }[]>`
        select message_id from private.outbox_claim(7, array['provider.redact'])`;
      if (rows.length === 0) return;
      taken.push(...rows.map((row) => row.message_id));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  expect(taken).toHaveLength(200);
  expect(new Set(taken).size).toBe(200);
});

test("20 starts at once make one draft; the others are told of it", async ({ pool }) => {
  const id = await arrange(pool, createPerson);
  const results = await atOnce(
    pool,
    20,
    user(id),
    (sql) => sql`
    select private.kyc_create_verification() ->> 'status' as result`,
  );
  expect(count(results, "draft")).toBe(1);
  expect(count(results, "NF031")).toBe(19);
});

test("20 submissions at once use one attempt and queue one message", async ({ pool }) => {
  const [id, verificationId] = await arrange(pool, async (db) => {
    const person = await createPerson(db);
    const draft = await createDraft(db, person);
    await addDocument(db, person, draft);
    return [person, draft] as const;
  });
  const results = await atOnce(
    pool,
    20,
    user(id),
    (sql) => sql`
    select private.kyc_submit(${verificationId}) ->> 'status' as result`,
  );
  expect(count(results, "submitted")).toBe(1);
  expect(count(results, "NF032")).toBe(19);
  expect(await pool`select from private.outbox where subject_id = ${verificationId}`).toHaveLength(
    1,
  );
});

test("20 requests with one key at once: the work is done once, the others wait or get its answer", async ({
  pool,
}) => {
  const id = await arrange(pool, createUser);
  const results = await atOnce(pool, 20, user(id), async (sql) => {
    const [begun] = await sql<
      { state: string }[]
    >`select state from private.idempotency_begin('key', 'f')`;
    if (begun?.state === "new") {
      await sql`select private.update_me('{"first_name": "Once"}', 1)`;
      await sql`select private.idempotency_finish('key', 'f', 200, '{}', 'answer')`;
    }
    return [{ result: begun?.state ?? "" }];
  });
  expect(count(results, "new")).toBe(1);
  expect(results.filter((result) => !["new", "replay", "NF044"].includes(result))).toEqual([]);
});

test("eight writers on one audit stream leave a chain without gaps", async ({ pool }) => {
  const stream = `test:${randomUUID()}`;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let index = 0; index < 50; index += 1) {
        await pool`select private.audit_append(${stream}, 'system', null, 'test.done', 'thing', null)`;
      }
    }),
  );
  const [head] =
    await pool`select sequence::integer from private.audit_heads where stream = ${stream}`;
  expect(head).toEqual({ sequence: 400 });
  expect(await pool`select * from private.audit_verify(${stream})`).toHaveLength(0);
});

test("four runs of the schedules at once move each verification once", async ({ pool }) => {
  const ids = await arrange(pool, async (db) => {
    const drafts: string[] = [];
    for (let index = 0; index < 10; index += 1)
      drafts.push(await createDraft(db, await createPerson(db)));
    await db.as(service, (sql) => sql`select private.shift_clock('8 days')`);
    return drafts;
  });
  const results = await Promise.all(
    Array.from(
      { length: 4 },
      () => pool<{ affected: number; error: string | null }[]>`
      select affected, error from private.run_schedules(3, true) where job = 'abandon_inactive'`,
    ),
  );
  expect(results.flat().every(({ error }) => error === null)).toBe(true);
  await pool`select * from private.run_schedules(100, true)`;
  const rows = await pool`
    select v.status, count(*) filter (where details like '%"to": "abandoned"%')::integer as moves
    from public.kyc_verifications as v join private.audit_log as e on e.stream = 'kyc:' || v.verification_id
    where v.verification_id = any (${ids}) group by v.verification_id`;
  expect(rows.map((row) => [row.status, row.moves])).toEqual(ids.map(() => ["abandoned", 1]));
  expect(await pool`select * from private.audit_verify()`).toHaveLength(0);
});
