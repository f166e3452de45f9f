import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  type Caller,
  type Db,
  expectDenied,
  machine,
  operator,
  type Sql,
  test,
} from "../../../helpers/db.ts";
import { createPersonAs } from "../../../helpers/db-accounts.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { auditOf, createKey, nffUser } from "../../../helpers/db-operators.ts";

const read = (id: string) => (sql: Sql) => sql`select private.nff_get_user(${id})`;
const list =
  (filter: object, limit = 101) =>
  (sql: Sql) =>
    sql`select item from private.nff_list_users(${sql.json({ ...filter })}, 'created_at', null, ${limit})`;
const heads = (sql: Sql) => sql`select stream, sequence from private.audit_heads order by 1`;

/** An administrator, a machine key, and three people of one name. */
async function arrange(db: Db) {
  const admin = await createStaff(db, "admin");
  const { keyId } = await createKey(db, { scopes: ["users:read"] });
  const first_name = `N${randomUUID().slice(0, 8)}`;
  const ids: string[] = [];
  for (const last_name of ["One", "Two", "Three"]) {
    ids.push(await createPersonAs(db, operator(admin), nffUser({ first_name, last_name })));
  }
  const callers: readonly (readonly [Caller, "staff" | "machine", string])[] = [
    [operator(admin), "staff", admin],
    [machine(keyId), "machine", keyId],
  ];
  return { ids, first_name, callers };
}

test("reading a person stands in the chain of the person", async ({ db }) => {
  const { ids, callers } = await arrange(db);
  const [id = ""] = ids;
  for (const [as, actor_kind, actor_id] of callers) {
    await db.as(as, read(id));
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
      actor_kind,
      actor_id,
      action: "user.read",
      details: "{}",
    });
  }
});

test("a page stands in the chain of who read it: whom it showed, and never what was searched", async ({
  db,
}) => {
  const { ids, first_name, callers } = await arrange(db);
  for (const [as, actor_kind, actor_id] of callers) {
    await db.as(as, list({ search: first_name, include_deleted: true }));
    const entry = (await auditOf(db, `${actor_kind}:${actor_id}`)).at(-1);
    expect(entry).toMatchObject({ actor_kind, actor_id, action: "user.listed" });
    const details = JSON.parse(entry?.details ?? "");
    expect(details).toEqual({
      filters: expect.arrayContaining(["search", "include_deleted"]),
      rows: 3,
      user_ids: expect.arrayContaining(ids),
    });
    expect(entry?.details).not.toContain(first_name);
  }
});

test("the row that only says that there is another page is not counted as shown", async ({
  db,
}) => {
  const { ids, first_name, callers } = await arrange(db);
  for (const [as, actor_kind, actor_id] of callers) {
    expect(await db.as(as, list({ search: first_name }, 3))).toHaveLength(3);
    const entry = (await auditOf(db, `${actor_kind}:${actor_id}`)).at(-1);
    expect(JSON.parse(entry?.details ?? "").user_ids).toEqual(ids.slice(0, 2));
  }
});

test("an empty page is a search that was made", async ({ db }) => {
  const { callers } = await arrange(db);
  for (const [as, actor_kind, actor_id] of callers) {
    expect(await db.as(as, list({ email: "nobody@example.com" }))).toHaveLength(0);
    const entry = (await auditOf(db, `${actor_kind}:${actor_id}`)).at(-1);
    expect(JSON.parse(entry?.details ?? "")).toEqual({ filters: ["email"], rows: 0, user_ids: [] });
  }
});

test("what is refused, or finds nobody, leaves no entry", async ({ db }) => {
  const { ids, callers } = await arrange(db);
  const [id = ""] = ids;
  for (const [as] of callers) {
    await expectDenied(db, "NF020", { as, does: read(randomUUID()), keeps: heads });
  }
  const writer = machine((await createKey(db, { scopes: ["users:write"] })).keyId);
  const support = operator(await createStaff(db, "support"));
  for (const [as, code] of [
    [writer, "NF016"],
    [support, "NF010"],
  ] as const) {
    const direct = (sql: Sql) => sql`select private.audit_people_read(${id})`;
    for (const does of [read(id), list({}), direct]) {
      await expectDenied(db, code, { as, does, keeps: heads });
    }
  }
});
