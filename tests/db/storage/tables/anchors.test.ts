import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, migrator, type Sql, service, test } from "../../../helpers/db.ts";
import { createSigner, makeAnchor } from "../../../helpers/db-anchors.ts";

const BUCKET = "audit-anchors";
const objects = (sql: Sql) => sql`select id, name from storage.objects where bucket_id = ${BUCKET}`;
const row = (sql: Sql) => sql`select * from storage.buckets where id = ${BUCKET}`;
const nameOf = (number: number) => `${String(number).padStart(12, "0")}.jws`;
const store = (name: string) => (sql: Sql) =>
  sql`insert into storage.objects (bucket_id, name) values (${BUCKET}, ${name})`;

test("[AUDIT-02] only an anchor that was made is stored, under its number", async ({ db }) => {
  await db.sql`select private.audit_append(${`test:${randomUUID()}`}, 'staff', 'actor', 'test.done', 'thing', '1')`;
  await makeAnchor(db, await createSigner("key-1"));
  const [{ number } = { number: 0 }] = await db.sql<{ number: number }[]>`
    select max(number)::integer as number from private.audit_anchors`;
  for (const as of [service, migrator]) {
    for (const name of [nameOf(number + 1), `${number}.jws`, `x/${nameOf(number)}`, ""]) {
      await expectDenied(db, "42501", { as, does: store(name), keeps: objects });
    }
  }
  await db.as(service, store(nameOf(number)));
  expect((await objects(db.sql)).map(({ name }) => name)).toContain(nameOf(number));
});

test("[AUDIT-02] nothing is moved in from another bucket", async ({ db }) => {
  const name = `${randomUUID()}.jws`;
  await db.sql`insert into storage.objects (bucket_id, name) values ('exports', ${name})`;
  await expectDenied(db, "42501", {
    as: migrator,
    does: (sql) => sql`update storage.objects set bucket_id = ${BUCKET} where name = ${name}`,
    keeps: objects,
  });
});

test("[AUDIT-02] the bucket stays as it is; to set it up again changes nothing", async ({ db }) => {
  for (const does of [
    (sql: Sql) => sql`update storage.buckets set public = true where id = ${BUCKET}`,
    (sql: Sql) => sql`update storage.buckets set allowed_mime_types = null where id = ${BUCKET}`,
    (sql: Sql) => sql`update storage.buckets set file_size_limit = 1 where id = ${BUCKET}`,
    (sql: Sql) => sql`update storage.buckets set id = 'other' where id = ${BUCKET}`,
    async (sql: Sql) => {
      await sql`select set_config('storage.can_delete', 'true', true)`;
      await sql`delete from storage.buckets where id = ${BUCKET}`;
    },
  ]) {
    await expectDenied(db, "42501", { as: migrator, does, keeps: row });
  }
  await db.as(
    migrator,
    (sql) => sql`
      insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
      values (${BUCKET}, ${BUCKET}, false, 5242880, array['application/jose'])
      on conflict (id) do update set public = excluded.public, file_size_limit = excluded.file_size_limit,
        allowed_mime_types = excluded.allowed_mime_types, updated_at = now()`,
  );
});
