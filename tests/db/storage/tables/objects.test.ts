import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  anon,
  type Caller,
  type Db,
  expectDenied,
  type Sql,
  test,
  user,
} from "../../../helpers/db.ts";
import {
  addDocument,
  announceDocument,
  createDraft,
  createPerson,
  submit,
} from "../../../helpers/db-fixtures.ts";

const upload = (name: string) => (sql: Sql) =>
  sql`insert into storage.objects (bucket_id, name) values ('kyc-documents', ${name}) returning name`;
const stored = (name: string) => (sql: Sql) =>
  sql`select * from storage.objects where name = ${name}`;

async function arrange(db: Db) {
  const owner = await createPerson(db);
  const verificationId = await createDraft(db, owner);
  const { storagePath } = await announceDocument(db, owner, verificationId);
  return { owner, verificationId, storagePath };
}

async function expectNoUpload(db: Db, caller: Caller, name: string): Promise<void> {
  await expectDenied(db, "42501", { as: caller, does: upload(name), keeps: stored(name) });
}

test("a person can upload an announced file once", async ({ db }) => {
  const { owner, storagePath } = await arrange(db);
  const rows = await db.as(user(owner), upload(storagePath));
  expect([...rows]).toEqual([{ name: storagePath }]);
  await expectDenied(db, "23505", {
    as: user(owner),
    does: upload(storagePath),
    keeps: stored(storagePath),
  });
});

test("[OBJ-02] nobody else can upload it", async ({ db }) => {
  const { storagePath } = await arrange(db);
  await expectNoUpload(db, user(await createPerson(db)), storagePath);
  await expectNoUpload(db, anon, storagePath);
});

test("names that were not announced are refused, however they look", async ({ db }) => {
  const { owner, verificationId } = await arrange(db);
  for (const name of [
    `${owner}/${verificationId}/${randomUUID()}`,
    `${owner}/not-a-uuid/file`,
    `${owner}/../x`,
    "file",
    "",
    "//",
  ]) {
    await expectNoUpload(db, user(owner), name);
  }
});

test("nothing is uploaded after submission, for a checked document or by a suspended person", async ({
  db,
}) => {
  const { owner, verificationId, storagePath } = await arrange(db);
  const selfie = await announceDocument(db, owner, verificationId, { type: "selfie" });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${owner}`;
  await expectNoUpload(db, user(owner), selfie.storagePath);
  await db.sql`update public.profiles set suspended_at = null where user_id = ${owner}`;

  await addDocument(db, owner, verificationId);
  // The announcement above was replaced by the document that was checked.
  await expectNoUpload(db, user(owner), storagePath);
  await submit(db, owner, verificationId);
  await expectNoUpload(db, user(owner), selfie.storagePath);
});

test("[OBJ-02] [DOC-02] a person lists own files only, and changes or removes none", async ({
  db,
}) => {
  const { owner, storagePath } = await arrange(db);
  await db.as(user(owner), upload(storagePath));
  const other = await createPerson(db);
  const list = (sql: Sql) =>
    sql`select name from storage.objects where bucket_id = 'kyc-documents'`;
  expect([...(await db.as(user(owner), list))]).toEqual([{ name: storagePath }]);
  expect(await db.as(user(other), list)).toHaveLength(0);
  expect(await db.as(anon, list)).toHaveLength(0);
  const changed = await db.as(
    user(owner),
    (sql) => sql`update storage.objects set name = 'x' where name = ${storagePath} returning name`,
  );
  expect(changed).toHaveLength(0);
  const removed = await db.as(user(owner), async (sql) => {
    await sql`select set_config('storage.can_delete', 'true', true)`;
    return sql`delete from storage.objects where name = ${storagePath} returning name`;
  });
  expect(removed).toHaveLength(0);
});

test("the bucket is private and takes documents only", async ({ db }) => {
  const [bucket] = await db.sql`
    select public, file_size_limit::integer, allowed_mime_types from storage.buckets where id = 'kyc-documents'`;
  expect(bucket).toEqual({
    public: false,
    file_size_limit: 10_485_760,
    allowed_mime_types: ["image/jpeg", "image/png", "application/pdf"],
  });
});
