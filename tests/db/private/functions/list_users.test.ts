import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { type Caller, type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import { createDraft, createStaff, createUser, move } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

interface Row {
  item: {
    user_id: string;
    first_name: string | null;
    last_name: string | null;
    account_status: string;
    roles: string[];
    kyc_status: string;
    country: string | null;
  };
  position: { key: string; id: string; mode: string };
}

interface Page {
  filter?: object;
  sort?: string;
  after?: Row["position"] | null;
  limit?: number;
}

const call = (sql: Db["sql"], { filter = {}, sort = "created_at", after, limit = 100 }: Page) =>
  sql<Row[]>`
    select item, position from private.list_users(
      ${sql.json({ ...filter })}, ${sort}, ${after ? sql.json({ ...after }) : null}, ${limit})`;

const list = (db: Db, as: Caller, page: Page = {}) => db.as(as, (sql) => call(sql, page));

const idsOf = (rows: readonly Row[]) => rows.map(({ item }) => item.user_id);

/** Five accounts with this family name, each in another state, and their observer. */
async function arrange(db: Db) {
  const family = `Q${randomUUID().replaceAll(/[^a-f]/g, "")}qx`;
  const observer = user(await createStaff(db, "auditor"));
  const ids = [];
  for (const first_name of ["Active", "Suspended", "Soft", "Permanent", "Staff"]) {
    ids.push(await createUser(db, { first_name, last_name: family }));
  }
  const [active = "", suspended = "", soft = "", permanent = "", staff = ""] = ids;
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${suspended}`;
  await db.sql`update public.profiles set is_soft_deleted = true where user_id in (${soft}, ${permanent})`;
  await db.sql`update public.profiles set is_permanently_deleted = true where user_id = ${permanent}`;
  await db.sql`insert into private.user_roles (user_id, role) values (${staff}, 'reviewer'), (${staff}, 'support')`;
  return { family, observer, active, suspended, soft, permanent, staff };
}

describe("filters", () => {
  test("states of accounts; the deleted only when they are asked for", async ({ db }) => {
    const { family: q, observer, ...ids } = await arrange(db);
    const found = async (account_status?: string[]) =>
      new Set(
        idsOf(
          await list(db, observer, { filter: { q, ...(account_status && { account_status }) } }),
        ),
      );
    expect(await found()).toEqual(new Set([ids.active, ids.suspended, ids.staff]));
    expect(await found(["active"])).toEqual(new Set([ids.active, ids.staff]));
    expect(await found(["suspended"])).toEqual(new Set([ids.suspended]));
    expect(await found(["soft_deleted"])).toEqual(new Set([ids.soft]));
    expect(await found(["permanently_deleted", "suspended"])).toEqual(
      new Set([ids.permanent, ids.suspended]),
    );
  });

  test("each entry says what it was found by", async ({ db }) => {
    const { family: q, observer, ...ids } = await arrange(db);
    const account_status = ["active", "suspended", "soft_deleted", "permanently_deleted"];
    const rows = await list(db, observer, { filter: { q, account_status } });
    expect(new Map(rows.map(({ item }) => [item.user_id, item.account_status]))).toEqual(
      new Map([
        [ids.active, "active"],
        [ids.suspended, "suspended"],
        [ids.soft, "soft_deleted"],
        [ids.permanent, "permanently_deleted"],
        [ids.staff, "active"],
      ]),
    );
    const [row] = await list(db, observer, { filter: { q: ids.staff } });
    expect(row?.item).toEqual({
      user_id: ids.staff,
      first_name: "Staff",
      last_name: q,
      email: `${ids.staff}@example.com`,
      country: null,
      account_status: "active",
      roles: ["support", "reviewer"],
      kyc_status: "not_started",
      version: 1,
      created_at: expect.stringMatching(/Z$/),
      last_sign_in_at: null,
    });
  });

  test("one of several roles", async ({ db }) => {
    const { family: q, observer, staff } = await arrange(db);
    for (const role of [["reviewer"], ["approver", "support"], ["support", "reviewer"]]) {
      expect(idsOf(await list(db, observer, { filter: { q, role } }))).toEqual([staff]);
    }
    expect(await list(db, observer, { filter: { q, role: ["admin"] } })).toHaveLength(0);
  });

  test("one of several KYC states, the one without a verification among them", async ({ db }) => {
    const { family: q, observer, active, suspended, staff } = await arrange(db);
    await createDraft(db, active);
    const approved = await createDraft(db, staff);
    await move(db, approved, "submitted", "user");
    await move(db, approved, "approved", "provider");
    const found = async (...kyc_status: string[]) =>
      new Set(idsOf(await list(db, observer, { filter: { q, kyc_status } })));
    expect(await found("not_started")).toEqual(new Set([suspended]));
    expect(await found("action_required", "approved")).toEqual(new Set([active, staff]));
    expect(await found("not_started", "approved")).toEqual(new Set([suspended, staff]));
    expect(await found("pending", "declined")).toEqual(new Set());
  });

  test("an id finds its account and no other one", async ({ db }) => {
    const { observer, soft, active } = await arrange(db);
    expect(idsOf(await list(db, observer, { filter: { q: active } }))).toEqual([active]);
    expect(await list(db, observer, { filter: { q: soft } })).toHaveLength(0);
    expect(await list(db, observer, { filter: { q: randomUUID() } })).toHaveLength(0);
  });

  test("what looks like SQL is text", async ({ db }) => {
    const { observer } = await arrange(db);
    for (const q of ["' or true --", "$1", "%", "'); drop table x; --"]) {
      expect(await list(db, observer, { filter: { q: `zzz${q}` } })).toHaveLength(0);
    }
    const account_status = ["' or true --"];
    expect(await list(db, observer, { filter: { account_status } })).toHaveLength(0);
    await expect(list(db, observer, { filter: { role: ["x' or true"] } })).rejects.toMatchObject({
      code: "22P02",
    });
  });
});

test.for(["created_at", "-created_at", "last_name", "-last_name"])(
  "pages by %s hold everybody once",
  async (sort, { db }) => {
    const { family: q, observer, ...ids } = await arrange(db);
    // Without a name: first forwards, last backwards.
    await db.sql`update public.profiles set last_name = null, email = ${`${q}@example.com`} where user_id = ${ids.active}`;
    const whole = idsOf(await list(db, observer, { filter: { q }, sort }));
    expect(whole).toHaveLength(3);
    const walked: string[] = [];
    let after: Row["position"] | null = null;
    for (let page = 0; page < 5; page += 1) {
      const [row]: Row[] = await list(db, observer, { filter: { q }, sort, after, limit: 1 });
      if (!row) break;
      walked.push(row.item.user_id);
      after = row.position;
    }
    expect(walked).toEqual(whole);
    if (sort === "last_name") expect(whole[0]).toBe(ids.active);
    if (sort === "-last_name") expect(whole.at(-1)).toBe(ids.active);
  },
);

test("the audit says who looked, by what kinds of filters, and not for whom", async ({ db }) => {
  const { family: q, active } = await arrange(db);
  const id = await createStaff(db, "support");
  await list(db, user(id), { filter: { q, country: "DE" } });
  await list(db, user(id), { filter: { q: active } });
  const entries = await auditOf(db, `staff:${id}`);
  expect(entries.map(({ action, details }) => [action, details])).toEqual([
    ["user.listed", '{"rows": 0, "filters": ["q", "country"]}'],
    ["user.listed", '{"rows": 1, "filters": ["q"]}'],
  ]);
  expect(JSON.stringify(entries)).not.toContain(q);
});

test.for(["reviewer", "approver"])(
  "[FUNC-01] not by %s, and no order of its own",
  async (role, { db }) => {
    const keeps = (sql: Db["sql"]) => sql`select count(*) from private.audit_log`;
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: (sql) => call(sql, {}),
      keeps,
    });
    await expectDenied(db, "NF001", {
      as: user(await createStaff(db, "admin")),
      does: (sql) => call(sql, { sort: "password" }),
      keeps,
    });
  },
);
