import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted, createUser, move } from "../../../helpers/db-fixtures.ts";

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
