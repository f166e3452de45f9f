import { expect } from "vitest";
import { type Caller, type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { createKey } from "../../../helpers/db-operators.ts";

interface Row {
  item: { key_id: string; status: string };
  cursor: { at: string; id: string };
}

const list = (
  db: Db,
  as: Caller,
  {
    statuses,
    sort = "-created_at",
    after,
    limit = 100,
  }: {
    statuses?: string[];
    sort?: string;
    after?: Row["cursor"] | undefined;
    limit?: number;
  } = {},
) =>
  db.as(
    as,
    (sql) => sql<Row[]>`
      select item, cursor from private.list_machine_keys(
        ${statuses ? sql.json(statuses) : null}, ${sort}, ${after ? sql.json({ ...after }) : null}, ${limit})`,
  );

/** Four keys of different ages: two active, one expired, one revoked; oldest first. */
async function arrange(db: Db, admin: string): Promise<string[]> {
  const ids: string[] = [];
  for (const hours of [4, 3, 2, 1]) {
    const { keyId } = await createKey(db, {}, admin);
    await db.sql`update private.machine_keys set created_at = private.now() - ${`${hours} hours`}::text::interval
      where key_id = ${keyId}`;
    ids.push(keyId);
  }
  const [, , expired, revoked] = ids;
  await db.sql`update private.machine_keys set expires_at = private.now() where key_id = ${expired ?? ""}`;
  await db.sql`update private.machine_keys set revoked_at = now(), revoked_by = ${admin}
    where key_id = ${revoked ?? ""}`;
  return ids;
}

const idsOf = (rows: readonly Row[], known: readonly string[]) =>
  rows.map(({ item }) => item.key_id).filter((id) => known.includes(id));

test("keys come newest first, or oldest first, filtered by state", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const ids = await arrange(db, admin);
  const caller = user(admin);
  expect(idsOf(await list(db, caller), ids)).toEqual(ids.toReversed());
  expect(idsOf(await list(db, caller, { sort: "created_at" }), ids)).toEqual(ids);
  expect(idsOf(await list(db, caller, { statuses: ["expired"] }), ids)).toEqual([ids[2]]);
  expect(
    idsOf(await list(db, caller, { statuses: ["active", "revoked"], sort: "created_at" }), ids),
  ).toEqual([ids[0], ids[1], ids[3]]);
});

test("pages hold every key once", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  await arrange(db, admin);
  const all = await list(db, user(admin));
  const found: string[] = [];
  let after: Row["cursor"] | undefined;
  for (;;) {
    const [row] = await list(db, user(admin), { after, limit: 1 });
    if (!row) break;
    found.push(row.item.key_id);
    after = row.cursor;
  }
  expect(found).toEqual(all.map(({ item }) => item.key_id));
});

test("auditors may look, others may not", async ({ db }) => {
  const { keyId } = await createKey(db);
  const rows = await list(db, user(await createStaff(db, "auditor")));
  expect(rows.map(({ item }) => item.key_id)).toContain(keyId);
  for (const role of ["support", "reviewer", "approver", "compliance_admin"]) {
    const as = user(await createStaff(db, role));
    await expectDenied(db, "NF010", {
      as,
      does: (sql) => sql`select private.list_machine_keys(null, 'created_at', null, 1)`,
      keeps: (sql) => sql`select key_id from private.machine_keys`,
    });
  }
});
