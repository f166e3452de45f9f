import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  createDraft,
  createPerson,
  createProcessing,
  createSubmitted,
  createUser,
  move,
  statusOf,
} from "../../../helpers/db-fixtures.ts";

const later = (db: Db, by: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${by}::text::interval)`);
/** Far more rows than other suites leave, so that those of the test are among them. */
const run = async (db: Db) => {
  const rows = await db.as(
    service,
    (sql) => sql`select * from private.run_schedules(100000, true)`,
  );
  expect(rows.filter((row) => row.error !== null)).toEqual([]);
  return rows;
};
const reasonOf = async (db: Db, verificationId: string) => {
  const [row] =
    await db.sql`select reason_code from private.kyc_cases where verification_id = ${verificationId}`;
  return row?.reason_code;
};

test("a draft is abandoned after a week, not before", async ({ db }) => {
  const verificationId = await createDraft(db, await createPerson(db));
  await later(db, "6 days 23 hours");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("draft");
  await later(db, "1 hour");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("abandoned");
  expect(await reasonOf(db, verificationId)).toBe("inactivity");
});

test("a request for resubmission is abandoned after two weeks", async ({ db }) => {
  const { verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "resubmission_required",
    provider_reference: reference,
    sequence: 1,
  });
  await later(db, "13 days");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("resubmission_required");
  await later(db, "1 day");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("abandoned");
});

test("an approval expires after three years at low risk", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  await later(db, "2 years 11 months");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("approved");
  await later(db, "32 days");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("expired");
});

test("no verdict for a day: staff looks", async ({ db }) => {
  const { verificationId } = await createProcessing(db);
  await later(db, "23 hours");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("processing");
  await later(db, "1 hour");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("in_review");
  expect(await reasonOf(db, verificationId)).toBe("provider_timeout");
});

test("a silent provider is asked after 15 minutes and then every five, not more often", async ({
  db,
}) => {
  const { verificationId } = await createProcessing(db);
  const asked = async () => {
    const rows =
      await db.sql`select from private.outbox where subject_id = ${verificationId} and topic = 'provider.fetch'`;
    return rows.length;
  };
  await later(db, "14 minutes");
  await run(db);
  expect(await asked()).toBe(0);
  for (const [by, expected] of [
    ["1 minute", 1],
    ["4 minutes", 1],
    ["1 minute", 2],
    ["5 minutes", 3],
  ] as const) {
    await later(db, by);
    await run(db);
    expect(await asked(), by).toBe(expected);
  }
});

test("a submission that is still on its way is not asked about", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await later(db, "1 hour");
  await run(db);
  expect(
    await db.sql`select from private.outbox where subject_id = ${verificationId} and topic = 'provider.fetch'`,
  ).toHaveLength(0);
});

test("a verification without attempts is rejected", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await db.sql`alter table public.kyc_verifications disable trigger user`;
  await db.sql`update public.kyc_verifications set max_attempts = 1 where verification_id = ${verificationId}`;
  await db.sql`alter table public.kyc_verifications enable trigger user`;
  await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
  await run(db);
  expect(await statusOf(db, verificationId)).toBe("rejected");
  expect(await reasonOf(db, verificationId)).toBe("resubmission_limit_exceeded");
});

test("files are removed 90 days after the decision, once", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  const removals = async () => {
    const rows =
      await db.sql`select from private.outbox where subject_id = ${verificationId} and topic = 'storage.remove'`;
    return rows.length;
  };
  await later(db, "89 days");
  await run(db);
  expect(await removals()).toBe(0);
  await later(db, "1 day");
  await run(db);
  await run(db);
  expect(await removals()).toBe(1);
});

test("a case that is opened again keeps its files", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  await move(db, verificationId, "in_review", "staff", "manual_review");
  await later(db, "100 days");
  await run(db);
  expect(
    await db.sql`select from private.outbox where subject_id = ${verificationId} and topic = 'storage.remove'`,
  ).toHaveLength(0);
});

test("expired answers and old event bodies go, the hash of a body stays", async ({ db }) => {
  const { userId, reference } = await createProcessing(db);
  await ingest(db, {
    event_id: reference,
    outcome: "approved",
    provider_reference: reference,
    sequence: 1,
  });
  await db.as(
    user(userId),
    (sql) => sql`select private.idempotency_finish('old', 'f', 200, '{}', null)`,
  );
  await later(db, "91 days");
  await run(db);
  expect(await db.sql`select from private.idempotency_keys where caller = ${userId}`).toHaveLength(
    0,
  );
  const [event] =
    await db.sql`select body, body_sha256 is not null as has_hash from private.webhook_inbox where event_id = ${reference}`;
  expect(event).toEqual({ body: null, has_hash: true });
});

test("a job runs when it is due, and again under a clock that was set back", async ({ db }) => {
  const jobs = async () => {
    const rows = await db.as(
      service,
      (sql) => sql<{ job: string }[]>`select job from private.run_schedules(100000)`,
    );
    return rows.map(({ job }) => job);
  };
  await db.sql`update private.schedules set next_run_at = '-infinity'`;
  const all = await jobs();
  expect(all).toContain("abandon_inactive");
  expect(await jobs()).toEqual([]);
  await later(db, "1 minute");
  expect(await jobs()).toContain("abandon_inactive");
  await later(db, "1 year");
  expect(await jobs()).toEqual(all);
  await later(db, "-1 year");
  expect(await jobs()).toEqual(all);
});

test("a job takes no more rows than it is given, and is due again at once while there are more", async ({
  db,
}) => {
  const drafts: string[] = [];
  for (let count = 0; count < 3; count += 1)
    drafts.push(await createDraft(db, await createPerson(db)));
  await later(db, "8 days");
  const affected = async () => {
    const rows = await db.as(
      service,
      (sql) => sql<{ job: string; affected: number }[]>`select * from private.run_schedules(2)`,
    );
    return rows.find(({ job }) => job === "abandon_inactive")?.affected;
  };
  expect([await affected(), await affected(), await affected()]).toEqual([2, 1, undefined]);
  for (const draft of drafts) expect(await statusOf(db, draft)).toBe("abandoned");
});

test("a job that fails says so and does not stop the others", async ({ db }) => {
  const first = await createDraft(db, await createPerson(db));
  await db.sql`create or replace function private.job_purge_documents(p_limit integer) returns integer language plpgsql
    set search_path = '' as 'begin raise exception ''broken''; end'`;
  await later(db, "8 days");
  const rows = await db.as(
    service,
    (sql) => sql`select * from private.run_schedules(100000, true)`,
  );
  expect(rows.find((row) => row.job === "purge_documents")).toMatchObject({
    affected: 0,
    error: "P0001 broken",
  });
  expect(await statusOf(db, first)).toBe("abandoned");
});

test("people cannot run them", async ({ db }) => {
  const verificationId = await createDraft(db, await createPerson(db));
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select * from private.run_schedules(1, true)`,
    keeps: (sql) =>
      sql`select * from public.kyc_verifications where verification_id = ${verificationId}`,
  });
});

test("every job has done its work after some runs, and does nothing when it runs again", async ({
  db,
}) => {
  await createDraft(db, await createPerson(db));
  await createProcessing(db);
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  const asked = await createSubmitted(db);
  await move(db, asked.verificationId, "resubmission_required", "provider", "image_unreadable");
  const worked = new Set<string>();
  const busy = async () =>
    (await run(db))
      .filter(({ affected }) => affected > 0)
      .map(({ job }) => {
        worked.add(job);
        return job;
      });
  for (const years of [4, 5]) {
    await later(db, `${years} years`);
    for (let round = 0; round < 10 && (await busy()).length > 0; round += 1);
    expect(await busy()).toEqual([]);
  }
  for (const job of ["abandon_inactive", "expire_approvals", "watch_verdicts", "purge_documents"])
    expect(worked).toContain(job);
});
