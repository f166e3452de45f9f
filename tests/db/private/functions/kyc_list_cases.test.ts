import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted, createUser, move } from "../../../helpers/db-fixtures.ts";
import { createInReview, passTime } from "../../../helpers/db-review.ts";

interface Page {
  item: Record<string, unknown>;
  cursor: { at: string; id: string };
}

const list =
  (
    filter: Record<string, unknown>,
    sort = "waiting_since",
    after: Page["cursor"] | null = null,
    limit = 100,
  ) =>
  (sql: Sql) =>
    sql<Page[]>`
    select item, cursor from private.kyc_list_cases(
      ${JSON.stringify(filter)}::text::jsonb, ${sort}, ${after === null ? null : JSON.stringify(after)}::text::jsonb, ${limit})`;

/** People with a name of their own, so that rows of other suites stay out of the lists. */
async function arrange(db: Db, count: number) {
  const name = `Queue${Date.now()}${Math.round(Math.random() * 1e6)}`;
  const staff = user(await createStaff(db, "reviewer"));
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    await db.as(service, (sql) => sql`select private.shift_clock('1 second')`);
    const { userId, verificationId } = await createSubmitted(db);
    await db.sql`update public.profiles set last_name = ${name} where user_id = ${userId}`;
    ids.push(verificationId);
  }
  const pick = async (filter: Record<string, unknown>, sort?: string) => {
    const rows = await db.as(staff, list({ q: name, ...filter }, sort));
    return rows.map((row) => row.item.verification_id);
  };
  return { name, staff, ids, pick };
}

test("the longest waiting come first, or as asked for", async ({ db }) => {
  const { ids, pick } = await arrange(db, 3);
  const [first = "", second = "", third = ""] = ids;
  await db.as(service, (sql) => sql`select private.shift_clock('1 second')`);
  await move(db, first, "in_review", "provider", "provider_review");
  expect(await pick({})).toEqual([second, third, first]);
  expect(await pick({}, "-waiting_since")).toEqual([first, third, second]);
  expect(await pick({}, "created_at")).toEqual([first, second, third]);
  expect(await pick({}, "-created_at")).toEqual([third, second, first]);
});

test("pages meet each case once, also where many have waited equally long", async ({ db }) => {
  const { name, staff, ids } = await arrange(db, 5);
  await db.sql`alter table public.kyc_verifications disable trigger user`;
  await db.sql`update public.kyc_verifications set status_changed_at = '2026-01-01' where verification_id = any (${ids})`;
  for (const sort of ["waiting_since", "-waiting_since"]) {
    const met: unknown[] = [];
    let after: Page["cursor"] | null = null;
    for (let page = 0; page < 5; page += 1) {
      const rows: Page[] = [...(await db.as(staff, list({ q: name }, sort, after, 2)))];
      met.push(...rows.map((row) => row.item.verification_id));
      after = rows.at(-1)?.cursor ?? null;
      if (rows.length < 2) break;
    }
    expect(met).toEqual(sort.startsWith("-") ? ids.toReversed() : ids);
  }
});

test("every filter leaves out what does not match", async ({ db }) => {
  const { staff, ids, pick } = await arrange(db, 3);
  const [first = "", second = "", third = ""] = ids;
  await move(db, first, "in_review", "provider", "pep_hit");
  await db.sql`update private.kyc_cases set risk_level = 'high' where verification_id = ${second}`;
  await db.sql`update private.kyc_cases set assignee_id = ${"id" in staff ? staff.id : ""}, lease_expires_at = private.now() + interval '1 minute'
    where verification_id = ${third}`;
  expect(await pick({ status: ["in_review"] })).toEqual([first]);
  expect(await pick({ status: ["in_review", "submitted"] })).toHaveLength(3);
  expect(await pick({ status: ["approved"] })).toEqual([]);
  expect(await pick({ risk_level: ["high", "critical"] })).toEqual([second]);
  expect(await pick({ reason_code: ["pep_hit"] })).toEqual([first]);
  expect(await pick({ assignee: "me" })).toEqual([third]);
  expect(await pick({ assignee: "id" in staff ? staff.id : "" })).toEqual([third]);
  expect(await pick({ assignee: "none" })).toEqual(expect.arrayContaining([first, second]));
  expect(await pick({ assignee: "none" })).toHaveLength(2);
  expect(await pick({ country: "DE" })).toHaveLength(3);
  expect(await pick({ country: "FR" })).toEqual([]);
  expect(await pick({ created_from: "2999-01-01T00:00:00.000Z" })).toEqual([]);
  expect(await pick({ created_to: "2020-01-01T00:00:00.000Z" })).toEqual([]);
  expect(
    await pick({
      created_from: "2020-01-01T00:00:00.000Z",
      created_to: "2999-01-01T00:00:00.000Z",
    }),
  ).toHaveLength(3);
});

test("a hold that has run out counts as nobody", async ({ db }) => {
  const { staff, ids, pick } = await arrange(db, 1);
  await db.sql`update private.kyc_cases set assignee_id = ${"id" in staff ? staff.id : ""}, lease_expires_at = private.now() - interval '1 second'
    where verification_id = any (${ids})`;
  expect(await pick({ assignee: "me" })).toEqual([]);
  expect(await pick({ assignee: "none" })).toEqual(ids);
});

test("the search is for the text, not for a pattern", async ({ db }) => {
  const { name, ids, pick } = await arrange(db, 1);
  expect(await pick({ q: name.toUpperCase() })).toEqual(ids);
  expect(await pick({ q: ids[0] })).toEqual(ids);
  expect(await pick({ q: `${name.slice(0, 5)}%${name.slice(-3)}` })).toEqual([]);
  expect(await pick({ q: `${name.slice(0, -1)}_` })).toEqual([]);
  expect(await pick({ q: "\\" })).toEqual([]);
});

test("an entry says what the queue needs", async ({ db }) => {
  const { name, staff, ids } = await arrange(db, 1);
  await move(db, ids[0] ?? "", "in_review", "provider", "sanctions_hit");
  const [row] = await db.as(staff, list({ q: name }));
  expect(row?.item).toMatchObject({
    last_name: name,
    country: "DE",
    status: "in_review",
    attempt: 1,
    internal_reason_code: "sanctions_hit",
    assignee_id: null,
    second_approval_pending: false,
    due_at: expect.stringMatching(/Z$/),
    last_approved_at: null,
  });
});

test.for(["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"])(
  "%s can list",
  async (role, { db }) => {
    const staff = user(await createStaff(db, role));
    expect(await db.as(staff, list({ q: "nobody has this name" }))).toHaveLength(0);
  },
);

test("people without a role, anonymous callers and backends cannot list", async ({ db }) => {
  const keeps = (sql: Sql) => sql`select count(*) from private.kyc_cases`;
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does: list({}), keeps });
  await expectDenied(db, "42501", { as: anon, does: list({}), keeps });
  await expectDenied(db, "42501", { as: service, does: list({}), keeps });
});

test("an order that is none is refused", async ({ db }) => {
  const staff = user(await createStaff(db, "reviewer"));
  const keeps = (sql: Sql) => sql`select count(*) from private.kyc_cases`;
  for (const sort of ["risk", "waiting_since; drop table x", ""]) {
    await expectDenied(db, "NF001", { as: staff, does: list({}, sort), keeps });
  }
});

/** When a case is due, in hours after it came into review. */
const hoursToDecide = async (db: Db, verificationId: string) => {
  const [row] = await db.sql`
    select extract(epoch from c.due_at - v.status_changed_at)::integer / 3600 as hours
    from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
    where v.verification_id = ${verificationId}`;
  return row?.hours;
};

test("how soon a case should be decided depends on its risk, by the settings", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const hours = [];
  for (const level of ["low", "medium", "high", "critical"]) {
    await db.sql`update private.kyc_cases set risk_level = ${level}::text::public.risk_level
      where verification_id = ${verificationId}`;
    hours.push(await hoursToDecide(db, verificationId));
  }
  expect(hours).toEqual([48, 24, 8, 4]);
  await db.sql`update private.settings set review_target_critical = '1 hour'`;
  expect(await hoursToDecide(db, verificationId)).toBe(4);
  await db.sql`update private.kyc_cases set risk_level = 'critical' where verification_id = ${verificationId}`;
  expect(await hoursToDecide(db, verificationId)).toBe(1);
});

test("a case is due only while it is in review", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  expect(await hoursToDecide(db, verificationId)).toBeNull();
  await move(db, verificationId, "in_review", "provider", "provider_review");
  expect(await hoursToDecide(db, verificationId)).toBe(48);
  await move(db, verificationId, "submitted", "staff", "requeued");
  expect(await hoursToDecide(db, verificationId)).toBeNull();
});

test("by due time, only cases in review; overdue ones and the others", async ({ db }) => {
  const staff = user(await createStaff(db, "reviewer"));
  await createSubmitted(db);
  const low = (await createInReview(db, { risk: "low" })).verificationId;
  await passTime(db, "1 minute");
  const high = (await createInReview(db, { risk: "high" })).verificationId;
  const critical = (await createInReview(db, { risk: "critical" })).verificationId;
  const pick = async (filter: Record<string, unknown>, sort = "due_at") => {
    const rows = await db.as(staff, list(filter, sort));
    return rows.map(({ item }) => [item.verification_id, item.is_overdue]);
  };
  expect(await pick({})).toEqual([
    [critical, false],
    [high, false],
    [low, false],
  ]);
  expect(await pick({}, "-due_at")).toEqual((await pick({})).toReversed());
  expect(await pick({ status: ["in_review"] })).toHaveLength(3);
  expect(await pick({ status: ["submitted"] })).toEqual([]);
  expect(await pick({ is_overdue: true })).toEqual([]);
  await passTime(db, "5 hours");
  expect(await pick({ is_overdue: true })).toEqual([[critical, true]]);
  expect(await pick({ is_overdue: true }, "waiting_since")).toEqual([[critical, true]]);
  expect(await pick({ is_overdue: false })).toEqual([
    [high, false],
    [low, false],
  ]);
  expect(await pick({ is_overdue: false }, "created_at")).toHaveLength(3);
});

test("pages by due time meet each case once", async ({ db }) => {
  const staff = user(await createStaff(db, "reviewer"));
  const ids = [];
  for (let count = 0; count < 5; count += 1) ids.push((await createInReview(db)).verificationId);
  await db.sql`update private.kyc_cases set due_at = '2026-01-01' where due_at is not null`;
  for (const sort of ["due_at", "-due_at"]) {
    const met: unknown[] = [];
    let after: Page["cursor"] | null = null;
    for (let page = 0; page < 3; page += 1) {
      const rows: Page[] = [...(await db.as(staff, list({}, sort, after, 2)))];
      met.push(...rows.map((row) => row.item.verification_id));
      after = rows.at(-1)?.cursor ?? null;
    }
    expect(met).toEqual(sort.startsWith("-") ? ids.toReversed() : ids);
  }
});

test("[QUEUE-02] nor is that of another account of the same person, by mailbox or by name", async ({
  db,
}) => {
  const { verificationId, userId } = await createInReview(db);
  const [twin, mailbox] = [await createStaff(db, "auditor"), await createStaff(db, "auditor")];
  await db.sql`
    update public.profiles as other
    set first_name = own.first_name, last_name = own.last_name, date_of_birth = own.date_of_birth
    from public.profiles as own where own.user_id = ${userId} and other.user_id = ${twin}`;
  await db.sql`update public.profiles set email = 'A.100%_b+work@example.com' where user_id = ${mailbox}`;
  await db.sql`update public.profiles set email = 'a.100%_B@example.com' where user_id = ${userId}`;
  for (const id of [twin, mailbox]) {
    expect(await db.as(user(id), list({ q: verificationId }))).toHaveLength(0);
    const [row] = await db.as(
      user(id),
      (sql) =>
        sql`select private.kyc_export('{}', 100000) -> 'verification_ids' ? ${verificationId} as is_there`,
    );
    expect(row).toEqual({ is_there: false });
  }
  const stranger = await createStaff(db, "auditor");
  expect(await db.as(user(stranger), list({ q: verificationId }))).toHaveLength(1);
});

test("the own verification is not listed", async ({ db }) => {
  const { userId, verificationId } = await createInReview(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'reviewer')`;
  expect(await db.as(user(userId), list({}))).toHaveLength(0);
  expect(await db.as(user(userId), list({ q: verificationId }))).toHaveLength(0);
  expect(await db.as(user(await createStaff(db, "support")), list({}))).toHaveLength(1);
});

test("a search finds words in any order of letters, however many people fit", async ({ db }) => {
  const staff = user(await createStaff(db, "support"));
  const { userId, verificationId } = await createInReview(db);
  await db.sql`update public.profiles set first_name = 'Zoë', last_name = ${"O'Brien-Łukasz"} where user_id = ${userId}`;
  const found = async (q: string) => {
    const rows = await db.as(staff, list({ q }));
    return rows.map(({ item }) => item.verification_id);
  };
  for (const q of [
    "zoë o'brien",
    "ZOË",
    "łukasz",
    "oë o",
    userId,
    verificationId,
    userId.slice(0, 20),
  ]) {
    expect([q, await found(q)]).toEqual([q, [verificationId]]);
  }
  expect(await found("o'brien zoë")).toEqual([]);
  // More people of that name than are looked up beforehand.
  await db.sql`insert into auth.users (id, email, aud, role, raw_user_meta_data)
    select gen_random_uuid(), 'zoe-' || place || '@example.com', 'authenticated', 'authenticated', '{"first_name": "Zoë"}'
    from generate_series(1, 1001) as place`;
  expect(await found("zoë")).toEqual([verificationId]);
});
