import { expect } from "vitest";
import { type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const record = (version: string) => (sql: Sql) =>
  sql`select private.record_consent('terms', ${version}) as consent`;

async function currentVersion(db: Db): Promise<string> {
  const [row] = await db.sql<{ version: string }[]>`
    select private.current_consent_version('terms') as version`;
  return row?.version ?? "";
}

test("a person agrees to the version in force once; agreeing again answers the same", async ({
  db,
}) => {
  const id = await createUser(db);
  const version = await currentVersion(db);
  const [first] = await db.as(user(id), record(version));
  const [second] = await db.as(user(id), record(version));
  expect(first?.consent).toMatchObject({ document: "terms", version });
  expect(second?.consent).toEqual(first?.consent);
  const [audit] = await db.sql`
    select count(*)::integer as entries from private.audit_log where stream = 'user:' || ${id}::text`;
  expect(audit).toEqual({ entries: 1 });
});

test("another version is refused, and so is a suspended person or a backend", async ({ db }) => {
  const id = await createUser(db);
  const version = await currentVersion(db);
  const keeps = (sql: Sql) => sql`select * from public.consents where user_id = ${id}`;
  await expectDenied(db, "NF045", { as: user(id), does: record("never-published"), keeps });
  await expectDenied(db, "42501", { as: service, does: record(version), keeps });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does: record(version), keeps });
});
