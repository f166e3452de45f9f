import { describe, expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import {
  createDraft,
  createPerson,
  createProcessing,
  createSubmitted,
  move,
} from "../../../helpers/db-fixtures.ts";

const later = (db: Db, by: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${by}::text::interval)`);

const remind = async (db: Db, limit = 100) => {
  const [row] = await db.sql<{ made: number }[]>`select private.job_remind(${limit}) as made`;
  return row?.made;
};

/** Moves the clock and says how many reminders a run makes then. */
const madeAfter = async (db: Db, by: string) => {
  await later(db, by);
  return remind(db);
};

const kindsOf = async (db: Db, verificationId: string) => {
  const rows = await db.sql<{ kind: string }[]>`
    select kind from private.kyc_reminders where verification_id = ${verificationId} order by due_at`;
  return rows.map(({ kind }) => kind);
};

const createAsked = async (db: Db) => {
  const processing = await createProcessing(db);
  await move(
    db,
    processing.verificationId,
    "resubmission_required",
    "provider",
    "image_unreadable",
  );
  return processing;
};

/** An approval that ends after three years, or with the document (a date). */
const createApproved = async (db: Db, documentEnd: string | null = null) => {
  const submitted = await createSubmitted(db);
  await db.sql`update private.kyc_cases set document_expires_on = ${documentEnd}
    where verification_id = ${submitted.verificationId}`;
  await move(db, submitted.verificationId, "approved", "provider");
  return submitted;
};

/** Moves the clock to so long before the end of an approval; says how many reminders a run makes. */
const madeBefore = async (db: Db, verificationId: string, by: string) => {
  await db.sql`select private.shift_clock(expires_at - ${by}::text::interval - private.now())
    from public.kyc_verifications where verification_id = ${verificationId}`;
  return remind(db);
};

describe("each kind at its time, once", () => {
  test("a draft after one day and after five", async ({ db }) => {
    const draft = await createDraft(db, await createPerson(db));
    expect(await madeAfter(db, "23 hours 59 minutes")).toBe(0);
    expect(await madeAfter(db, "1 minute")).toBe(1);
    expect(await remind(db)).toBe(0);
    expect(await madeAfter(db, "3 days 23 hours")).toBe(0);
    expect(await madeAfter(db, "1 hour")).toBe(1);
    expect(await madeAfter(db, "1 day")).toBe(0);
    expect(await kindsOf(db, draft)).toEqual(["draft", "draft"]);
  });

  test("a request for new documents after three days and after ten, and a second one anew", async ({
    db,
  }) => {
    const { verificationId } = await createAsked(db);
    expect(await madeAfter(db, "2 days 23 hours")).toBe(0);
    expect(await madeAfter(db, "1 hour")).toBe(1);
    expect(await madeAfter(db, "6 days 23 hours")).toBe(0);
    expect(await madeAfter(db, "1 hour")).toBe(1);
    expect(await remind(db)).toBe(0);
    await move(db, verificationId, "submitted", "user");
    expect(await madeAfter(db, "3 days")).toBe(0);
    await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
    expect(await madeAfter(db, "3 days")).toBe(1);
    expect(await kindsOf(db, verificationId)).toEqual(Array(3).fill("resubmission"));
  });

  test("an approval 60, 30 and 7 days before its end", async ({ db }) => {
    const { verificationId } = await createApproved(db);
    for (const [by, made] of [
      ["61 days", 0],
      ["60 days", 1],
      ["31 days", 0],
      ["30 days", 1],
      ["8 days", 0],
      ["7 days", 1],
      ["1 hour", 0],
    ] as const) {
      expect(await madeBefore(db, verificationId, by), by).toBe(made);
      expect(await remind(db), `${by}, again`).toBe(0);
    }
    expect(await kindsOf(db, verificationId)).toEqual(["expiry", "expiry", "expiry"]);
  });

  test("the settings say when, and an empty list says never", async ({ db }) => {
    const draft = await createDraft(db, await createPerson(db));
    await db.sql`update private.settings set draft_reminders = '{}', expiry_reminders = '{}'`;
    expect(await madeAfter(db, "6 days")).toBe(0);
    await db.sql`update private.settings set draft_reminders = '{2 hours}'`;
    expect(await remind(db)).toBe(1);
    expect(await kindsOf(db, draft)).toEqual(["draft"]);
  });
});

describe("a clock that jumps", () => {
  test("makes the last reminder that is due, not a pile", async ({ db }) => {
    const { verificationId } = await createApproved(db);
    expect(await madeBefore(db, verificationId, "6 days")).toBe(1);
    expect(await remind(db)).toBe(0);
    const [row] = await db.sql`
      select expires_at - due_at = interval '7 days' as is_last
      from private.kyc_reminders join public.kyc_verifications using (verification_id)
      where verification_id = ${verificationId}`;
    expect(row).toEqual({ is_last: true });
  });

  test("back makes nothing again", async ({ db }) => {
    const draft = await createDraft(db, await createPerson(db));
    expect(await madeAfter(db, "5 days")).toBe(1);
    expect(await madeAfter(db, "-1 day")).toBe(1);
    expect(await madeAfter(db, "-3 days")).toBe(0);
    expect(await madeAfter(db, "4 days")).toBe(0);
    expect(await kindsOf(db, draft)).toEqual(["draft", "draft"]);
  });

  test("past the deadline reminds of nothing", async ({ db }) => {
    const draft = await createDraft(db, await createPerson(db));
    const { verificationId } = await createApproved(db);
    expect(await madeAfter(db, "7 days")).toBe(0);
    expect(await madeBefore(db, verificationId, "0")).toBe(0);
    expect(await kindsOf(db, draft)).toEqual([]);
  });
});

test("an approval that ends soon is reminded of once from the start", async ({ db }) => {
  const end = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  await createApproved(db, end);
  expect(await remind(db)).toBe(1);
  expect(await madeAfter(db, "1 day")).toBe(0);
});

test("the zone of the caller does not make a second reminder", async ({ db }) => {
  // In two of the zones clocks are put back in the 30 days before this end.
  const end = `${new Date().getUTCFullYear() + 1}-11-15`;
  const { verificationId } = await createApproved(db, end);
  expect(await madeBefore(db, verificationId, "29 days")).toBe(1);
  for (const zone of ["America/New_York", "Europe/Berlin", "Asia/Tokyo"]) {
    await db.sql`select set_config('timezone', ${zone}, true)`;
    expect(await remind(db), zone).toBe(0);
  }
});

describe("nobody else is reminded", () => {
  test("not who waits for us, nor who has stopped", async ({ db }) => {
    await createProcessing(db);
    const { verificationId } = await createAsked(db);
    await move(db, verificationId, "cancelled", "user");
    expect(await madeAfter(db, "6 days")).toBe(0);
  });

  test("not a person who is deleted", async ({ db }) => {
    const userId = await createPerson(db);
    await createDraft(db, userId);
    await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${userId}`;
    expect(await madeAfter(db, "1 day")).toBe(0);
    await db.sql`update public.profiles set is_soft_deleted = false where user_id = ${userId}`;
    expect(await remind(db)).toBe(1);
  });

  test("not of an approval beside which a renewal is open; again when that has ended", async ({
    db,
  }) => {
    const { verificationId, userId } = await createApproved(db);
    await madeBefore(db, verificationId, "31 days");
    const renewal = await createDraft(db, userId);
    expect(await madeBefore(db, verificationId, "30 days")).toBe(1);
    expect(await kindsOf(db, verificationId)).toEqual(["expiry"]);
    expect(await kindsOf(db, renewal)).toEqual(["draft"]);
    await move(db, renewal, "cancelled", "user");
    expect(await remind(db)).toBe(1);
    expect(await kindsOf(db, verificationId)).toEqual(["expiry", "expiry"]);
  });

  test("not of an approval that a newer one follows", async ({ db }) => {
    const { verificationId, userId } = await createApproved(db);
    await madeBefore(db, verificationId, "61 days");
    const renewal = await createDraft(db, userId);
    await db.sql`alter table public.kyc_verifications disable trigger user`;
    await db.sql`update public.kyc_verifications
      set status = 'approved', deadline_at = null, expires_at = private.now() + interval '3 years'
      where verification_id = ${renewal}`;
    await db.sql`alter table public.kyc_verifications enable trigger user`;
    expect(await madeBefore(db, verificationId, "7 days")).toBe(0);
  });
});

test("a reminder is a row, an entry of the audit and a message, with ids, codes and times only", async ({
  db,
}) => {
  const userId = await createPerson(db);
  const draft = await createDraft(db, userId);
  await madeAfter(db, "1 day");
  const [entry] = await db.sql`
    select actor_kind, actor_id, subject_id, reason_code, details::jsonb as details from private.audit_log
    where stream = ${`kyc:${draft}`} and action = 'kyc.reminded'`;
  const [{ due, deadline } = {}] = await db.sql`
    select private.iso(created_at + interval '1 day') as due, private.iso(deadline_at) as deadline
    from public.kyc_verifications where verification_id = ${draft}`;
  expect(entry).toEqual({
    actor_kind: "scheduler",
    actor_id: "remind",
    subject_id: draft,
    reason_code: null,
    details: { kind: "draft", due_at: due },
  });
  const messages = await db.sql`
    select private, payload - 'id' as payload from realtime.messages
    where topic = ${`user:${userId}`} and event = 'kyc.reminder'`;
  expect([...messages]).toEqual([
    { private: true, payload: { verification_id: draft, kind: "draft", deadline } },
  ]);
  const shown = await db.as(
    user(userId),
    (sql) => sql`select item ->> 'action' as action from private.list_my_activity(10)`,
  );
  expect(shown.map(({ action }) => action)).toContain("kyc.reminded");
  const exported = await db.sql`
    select r from private.personal_data_rows(${userId}, 'reminders') as r`;
  expect(exported).toHaveLength(1);
});

test("a run takes as many as it is told, the oldest first, and the schedule goes on with the rest", async ({
  db,
}) => {
  const drafts: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    drafts.push(await createDraft(db, await createPerson(db)));
    await later(db, "1 minute");
  }
  await later(db, "1 day");
  const affected = async () => {
    const rows = await db.as(
      service,
      (sql) => sql<{ job: string; affected: number; error: string | null }[]>`
        select * from private.run_schedules(2)`,
    );
    expect(rows.filter(({ error }) => error !== null)).toEqual([]);
    return rows.find(({ job }) => job === "remind")?.affected;
  };
  expect(await affected()).toBe(2);
  expect(await Promise.all(drafts.map((draft) => kindsOf(db, draft)))).toEqual([
    ["draft"],
    ["draft"],
    [],
  ]);
  expect([await affected(), await affected()]).toEqual([1, undefined]);
});

test("neither people nor the worker make or read reminders by themselves", async ({ db }) => {
  const userId = await createPerson(db);
  await createDraft(db, userId);
  await later(db, "1 day");
  for (const caller of [user(userId), service]) {
    for (const statement of [
      "select private.job_remind(1)",
      "select * from private.kyc_reminders",
      `select private.broadcast_to_user('${userId}', 'kyc.reminder', '{}')`,
    ]) {
      await expectDenied(db, "42501", {
        as: caller,
        does: (sql) => sql.unsafe(statement),
        keeps: (sql) => sql`select * from private.kyc_reminders`,
      });
    }
  }
});
