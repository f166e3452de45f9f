import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import {
  type Caller,
  type Db,
  expectDenied,
  machine,
  operator,
  test,
} from "../../../helpers/db.ts";
import { createPersonAs } from "../../../helpers/db-accounts.ts";
import { createDraft, createStaff, move } from "../../../helpers/db-fixtures.ts";
import { createKey, createOperator, nffUser } from "../../../helpers/db-operators.ts";

interface Row {
  item: { user_id: string; first_name: string; last_name: string; email: string };
  position: { key: string; id: string; mode: string };
}

const list = (
  db: Db,
  as: Caller,
  filter: object = {},
  sort = "created_at",
  after: Row["position"] | null = null,
  limit = 100,
) =>
  db.as(
    as,
    (sql) => sql<Row[]>`
      select item, position from private.nff_list_users(
        ${sql.json({ ...filter })}, ${sort}, ${after ? sql.json({ ...after }) : null}, ${limit})`,
  );

const names = (rows: readonly Row[]) => rows.map(({ item }) => item.first_name);

/** People with these names, in this order of age, and who made them. */
async function arrange(db: Db, people: readonly (readonly [first: string, last: string])[]) {
  const admin = await createOperator(db);
  const ids: string[] = [];
  for (const [index, [first_name, last_name]] of people.entries()) {
    const id = await createPersonAs(db, admin, nffUser({ first_name, last_name }));
    await db.sql`update public.profiles set created_at = '2026-01-01T00:00:00Z'::timestamptz
      + ${`${index} days`}::text::interval where user_id = ${id}`;
    ids.push(id);
  }
  // Who administers is a person too, but none of these.
  await db.sql`update public.profiles set created_at = '2020-01-01', first_name = 'admin', last_name = '~'
    where user_id = ${"id" in admin ? admin.id : ""}`;
  return { admin, ids };
}

const THREE = [
  ["Carl", "Ångström"],
  ["Ada", "lovelace"],
  ["Bob", "Lovelace"],
] as const;

test("the orders, forwards and backwards", async ({ db }) => {
  const { admin } = await arrange(db, THREE);
  const filter = { created_from: "2026-01-01T00:00:00Z" };
  expect(names(await list(db, admin, filter, "created_at"))).toEqual(["Carl", "Ada", "Bob"]);
  expect(names(await list(db, admin, filter, "-created_at"))).toEqual(["Bob", "Ada", "Carl"]);
  for (const sort of ["last_name", "email"]) {
    const rows = await list(db, admin, filter, sort);
    const keys = rows.map(({ position }) => position.key);
    expect(new Set(keys.map((key) => key.toLowerCase()))).toEqual(new Set(keys));
    expect((await list(db, admin, filter, `-${sort}`)).toReversed()).toEqual([...rows]);
  }
});

test.for(["created_at", "-created_at", "last_name", "-last_name", "email", "-email"])(
  "pages by %s hold everybody once, while others come and go",
  async (sort, { db }) => {
    const { admin, ids } = await arrange(db, [...THREE, ...THREE]);
    const found: string[] = [];
    let after: Row["position"] | null = null;
    for (let page = 0; page < 20; page += 1) {
      const [row]: Row[] = await list(db, admin, {}, sort, after, 1);
      if (!row) break;
      found.push(row.item.user_id);
      after = row.position;
      // A neighbour that appears behind the page must not move the rest.
      await createPersonAs(db, admin, nffUser({ first_name: "late", last_name: "aaa" }));
    }
    for (const id of ids) expect(found.filter((one) => one === id)).toHaveLength(1);
  },
);

describe("filters", () => {
  test("country, exact e-mail address in any case, time of creation", async ({ db }) => {
    const { admin, ids } = await arrange(db, THREE);
    const [carl = "", ada = ""] = ids;
    await db.sql`update public.addresses set country = 'SE' where user_id = ${carl}`;
    expect(names(await list(db, admin, { country: "SE" }))).toEqual(["Carl"]);

    const [row] =
      await db.sql`select upper(email) as email from public.profiles where user_id = ${ada}`;
    expect(names(await list(db, admin, { email: row?.email }))).toEqual(["Ada"]);
    expect(
      names(
        await list(db, admin, {
          created_from: "2026-01-02T00:00:00Z",
          created_to: "2026-01-03T00:00:00Z",
        }),
      ),
    ).toEqual(["Ada"]);
  });

  test("the deleted are listed only when they are asked for", async ({ db }) => {
    const { admin, ids } = await arrange(db, THREE);
    await db.as(admin, (sql) => sql`select private.nff_soft_delete_user(${ids[1] ?? ""})`);
    const filter = { created_from: "2026-01-01T00:00:00Z" };
    expect(names(await list(db, admin, filter))).toEqual(["Carl", "Bob"]);
    expect(names(await list(db, admin, { ...filter, include_deleted: false }))).toEqual([
      "Carl",
      "Bob",
    ]);
    expect(names(await list(db, admin, { ...filter, include_deleted: true }))).toEqual([
      "Carl",
      "Ada",
      "Bob",
    ]);
  });

  test("the KYC status is the one that the person sees, in every state", async ({ db }) => {
    const { admin, ids } = await arrange(db, [...THREE, ...THREE, ...THREE, ["None", "None"]]);
    const paths = [
      [],
      [["submitted", "user"]],
      [
        ["submitted", "user"],
        ["approved", "provider"],
      ],
      [
        ["submitted", "user"],
        ["rejected", "provider", "document_damaged"],
      ],
      [
        ["submitted", "user"],
        ["in_review", "provider", "document_damaged"],
      ],
      [
        ["submitted", "user"],
        ["approved", "provider"],
        ["expired", "scheduler"],
      ],
      [["cancelled", "user", "cancelled_by_user"]],
      [
        ["submitted", "user"],
        ["approved", "provider"],
      ],
    ] as const;
    for (const [index, steps] of paths.entries()) {
      const verification = await createDraft(db, ids[index] ?? "");
      for (const [to, actor, reason] of steps) {
        await move(db, verification, to, actor, reason ?? null);
      }
    }
    const shown = await db.sql<{ user_id: string; status: string }[]>`
      select user_id, private.kyc_projection_of(user_id) ->> 'status' as status
      from public.profiles where user_id = any (${db.sql.array(ids)}::uuid[])`;
    expect(new Set(shown.map(({ status }) => status)).size).toBe(5);
    for (const status of ["not_started", "action_required", "pending", "approved", "declined"]) {
      const rows = await list(db, admin, {
        kyc_status: status,
        created_from: "2026-01-01T00:00:00Z",
      });
      expect(new Set(rows.map(({ item }) => item.user_id)), status).toEqual(
        new Set(shown.filter((row) => row.status === status).map((row) => row.user_id)),
      );
    }
  });
});

describe("search", () => {
  const PEOPLE = [
    ["Anna", "Schmidt"],
    ["Hannah", "Schmitt"],
    ["José", "Müller"],
    ["Li", "Wu"],
    ["Per_cent", "100%"],
  ] as const;

  test.for([
    ["schmi", ["Anna", "Hannah"]],
    ["SCHMIDT", ["Anna"]],
    ["ann", ["Anna", "Hannah"]],
    ["anna schmidt", ["Anna"]],
    ["schmidt anna", ["Anna"]],
    ["müll", ["José"]],
    ["li", ["Li"]],
    ["wu li", ["Li"]],
    ["er_c", ["Per_cent"]],
    ["100%", ["Per_cent"]],
    ["%%%", []],
    ["\\\\\\", []],
    ["schnidt", ["Anna"]],
    ["Scmitt", ["Hannah"]],
    ["xyzzy", []],
    ["'; drop table public.profiles; --", []],
  ] as const)("%s", async ([search, expected], { db }) => {
    const { admin } = await arrange(db, PEOPLE);
    expect(names(await list(db, admin, { search }))).toEqual(expected);
  });

  test("a part of the e-mail address", async ({ db }) => {
    const { admin, ids } = await arrange(db, PEOPLE);
    const [row] =
      await db.sql`select left(email, 9) as part from public.profiles where user_id = ${ids[3] ?? ""}`;
    expect(names(await list(db, admin, { search: row?.part }))).toEqual(["Li"]);
  });

  test("a text with an @: who begins so, else who has it anywhere, else who nearly has it", async ({
    db,
  }) => {
    const { admin, ids } = await arrange(db, PEOPLE);
    const emails = ["li.wu@example.org", "tom.li.wu@example.org", "100%@example.org"];
    for (const [index, email] of emails.entries()) {
      await db.sql`update public.profiles set email = ${email} where user_id = ${ids[index] ?? ""}`;
    }
    const found = async (search: string) => names(await list(db, admin, { search }));
    expect(await found("LI.WU@exam")).toEqual(["Anna"]);
    expect(await found("wu@example.org")).toEqual(["Anna", "Hannah"]);
    expect(await found("%@example.org")).toEqual(["José"]);
    expect(await found("tom.li.vu@example.org")).toContain("Hannah");
    expect(await found("@example.org")).toEqual(["Anna", "Hannah", "José"]);
    const [first] = await list(db, admin, { search: "wu@" }, "created_at", null, 1);
    expect(first?.position.mode).toBe("anywhere");
    expect(names(await list(db, admin, { search: "wu@" }, "created_at", first?.position))).toEqual([
      "Hannah",
    ]);
  });

  test("later pages of a search that forgave mistakes go on forgiving", async ({ db }) => {
    const { admin } = await arrange(db, [...PEOPLE, ["Anja", "Schmidt"]]);
    const [first] = await list(db, admin, { search: "schnidt" }, "created_at", null, 1);
    expect(first).toMatchObject({ item: { first_name: "Anna" }, position: { mode: "fuzzy" } });
    const next = await list(db, admin, { search: "schnidt" }, "created_at", first?.position);
    expect(names(next)).toEqual(["Anja"]);
  });

  test("the index answers it", async ({ db }) => {
    await db.sql`set local enable_seqscan = off`;
    const [row] = await db.sql`
      select private.find_users_conditions('{"search": "schmidt"}', 'anywhere') as exact,
        private.find_users_conditions('{"search": "schmidt"}', 'fuzzy') as fuzzy,
        private.find_users_conditions('{"search": "schmidt@"}', 'begins') as begins`;
    for (const [conditions, index] of [
      [row?.exact, "profiles_search_idx"],
      [row?.fuzzy, "profiles_search_idx"],
      [row?.begins, "profiles_email_prefix_idx"],
    ]) {
      const plan = await db.sql.unsafe(
        `explain select from public.profiles as p where ${conditions}`,
      );
      expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain(index);
    }
  });

  test("without pg_trgm it finds parts, and forgives no mistakes", async ({ db }) => {
    const { admin } = await arrange(db, PEOPLE);
    await db.sql`drop extension pg_trgm cascade`;
    expect(names(await list(db, admin, { search: "schmi" }))).toEqual(["Anna", "Hannah"]);
    expect(names(await list(db, admin, { search: "schnidt" }))).toEqual([]);
  });
});

test("each order is read from an index", async ({ db }) => {
  await db.sql`set local enable_seqscan = off`;
  await db.sql`set local enable_sort = off`;
  for (const key of [
    "coalesce(lower(last_name), '')",
    "coalesce(lower(email), '')",
    "created_at",
  ]) {
    const plan = await db.sql.unsafe(`
      explain select user_id from public.profiles as p
      where (${key}, user_id) > (${key === "created_at" ? "now()" : "'m'::text"}, '${randomUUID()}'::uuid)
      order by ${key}, user_id limit 26`);
    const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
    expect(text).toMatch(/Index (Only )?Scan/);
    expect(text).not.toContain("Sort");
  }
});

test("an order that is not offered is refused", async ({ db }) => {
  const admin = await createOperator(db);
  await expect(list(db, admin, {}, "password")).rejects.toMatchObject({
    code: "NF001",
    detail: "sort",
  });
});

test("reading needs the role or the scope", async ({ db }) => {
  const writer = machine((await createKey(db, { scopes: ["users:write"] })).keyId);
  for (const [as, code] of [
    [operator(await createStaff(db, "compliance_admin", "auditor", "support")), "NF010"],
    [writer, "NF016"],
    [machine("no key"), "NF016"],
  ] as const) {
    for (const call of [
      "nff_list_users('{}', 'email', null, 1)",
      `nff_get_user('${randomUUID()}')`,
    ]) {
      await expectDenied(db, code, {
        as,
        does: (sql) => sql.unsafe(`select private.${call}`),
        keeps: (sql) => sql`select user_id from public.profiles order by 1`,
      });
    }
  }
  const reader = machine((await createKey(db, { scopes: ["users:read"] })).keyId);
  expect((await list(db, reader)).length).toBeGreaterThan(0);
});
