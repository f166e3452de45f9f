import { expect } from "vitest";
import { type Db, service, test, user } from "../../helpers/db.ts";
import { ingest } from "../../helpers/db-events.ts";
import { createProcessing, createStaff } from "../../helpers/db-fixtures.ts";
import { tablesWith } from "../../helpers/db-search.ts";

/** Tables whose rows name users without being about people. Each needs its reason here. */
const NOT_PERSONAL: Readonly<Record<string, string>> = {
  "private.kyc_reason_codes": "rules: texts that people are shown, not texts about people",
  "private.kyc_transitions": "rules: kinds of actors",
  "realtime.messages": "signals that are sent and dropped within days; they carry ids and codes",
  "storage.buckets": "buckets are made by migrations and belong to nobody",
};

const registered = "select to_regclass(relation)::oid from private.personal_data";

/** Follows foreign keys from accounts outwards, as far as they go. */
const UNREGISTERED_BY_KEY = `
  with recursive reached as (
    select 'auth.users'::regclass::oid as relation
    union
    select key.conrelid from pg_constraint as key join reached on key.confrelid = reached.relation
    where key.contype = 'f'
  )
  select n.nspname || '.' || c.relname as name
  from reached join pg_class as c on c.oid = reached.relation join pg_namespace as n on n.oid = c.relnamespace
  where reached.relation not in (${registered})
  order by 1`;

/** Columns that hold ids of people by their name, with or without a foreign key. */
const UNREGISTERED_BY_NAME = `
  select distinct n.nspname || '.' || c.relname as name
  from pg_attribute as a
  join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
  join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private', 'auth', 'storage') and a.attnum > 0 and not a.attisdropped
    and a.attname ~ '(^|_)(user|person|owner|actor|subject|caller|author|reviewer|assignee)(_|$)|_by$'
    and c.oid not in (${registered})
  order by 1`;

async function names(db: Db, query: string): Promise<string[]> {
  const rows = await db.sql.unsafe<{ name: string }[]>(query);
  return rows.map(({ name }) => name).filter((name) => !(name in NOT_PERSONAL));
}

test("every table that hangs on an account is registered as personal data", async ({ db }) => {
  expect(await names(db, UNREGISTERED_BY_KEY)).toEqual([]);
});

test("every table with a column for ids of people is registered", async ({ db }) => {
  expect(await names(db, UNREGISTERED_BY_NAME)).toEqual([]);
});

test("a new table is found: by its foreign key, at any distance, and by the name of a column", async ({
  db,
}) => {
  await db.sql
    .unsafe(`
    create table private.planted (id uuid primary key references public.consents (consent_id) on delete cascade);
    create table private.planted_far (id uuid primary key references private.planted (id) on delete cascade);
    create table private.planted_name (asked_by text)`)
    .simple();
  expect(await names(db, UNREGISTERED_BY_KEY)).toEqual(["private.planted", "private.planted_far"]);
  expect(await names(db, UNREGISTERED_BY_NAME)).toEqual(["private.planted_name"]);
});

/** Somebody who has left a trace wherever one can be left. */
async function live(db: Db): Promise<{ userId: string; ids: string[] }> {
  const { userId, verificationId, documentId, reference } = await createProcessing(db);
  const reviewer = await createStaff(db, "reviewer", "compliance_admin");
  await ingest(db, {
    outcome: "in_review",
    provider_reference: reference,
    verification_id: verificationId,
    sequence: 1,
    reason_codes: ["sanctions_hit"],
  });
  await db.sql`insert into private.kyc_notes (verification_id, author_id, body)
    values (${verificationId}, ${reviewer}, 'A note.')`;
  await db.as(user(userId), async (sql) => {
    await sql`select * from private.idempotency_begin('key', 'print')`;
    await sql`select private.idempotency_finish('key', 'print', 200, '{}', '{}')`;
    await sql`select private.request_export()`;
  });
  await db.as(
    user(reviewer),
    (sql) => sql`select private.place_legal_hold(${userId}, 'litigation')`,
  );
  await db.sql`insert into storage.objects (bucket_id, name, owner_id)
    select 'kyc-documents', storage_path, user_id from public.kyc_documents where document_id = ${documentId}`;
  return { userId, ids: [userId, verificationId, documentId, reference] };
}

test("every table where a life leaves its ids is registered", async ({ db }) => {
  const { ids } = await live(db);
  const rows = await db.sql<{ relation: string }[]>`select relation from private.personal_data`;
  const known = new Set([...rows.map(({ relation }) => relation), ...Object.keys(NOT_PERSONAL)]);
  const found = await tablesWith(db.sql, ids);
  expect(found.length).toBeGreaterThan(12);
  expect(found.filter((name) => !known.has(name))).toEqual([]);
});

test("every column of a table is shown in the export or withheld for a reason, not both", async ({
  db,
}) => {
  const wrong = await db.sql`
    select data.relation, a.attname::text as "column"
    from private.personal_data as data
    join pg_attribute as a on a.attrelid = to_regclass(data.relation) and a.attnum > 0 and not a.attisdropped
    where data.section is not null
      and (a.attname = any (data.shown)) = (a.attname = any (data.withheld))
    union all
    select data.relation, named
    from private.personal_data as data, unnest(data.shown || data.withheld) as named
    where split_part(data.relation, '.', 1) in ('public', 'private')
      and not exists (
        select from pg_attribute
        where attrelid = to_regclass(data.relation) and attname = named and not attisdropped)`;
  expect([...wrong]).toEqual([]);
});

test("every registered table of ours is there", async ({ db }) => {
  const missing = await db.sql`
    select relation from private.personal_data
    where split_part(relation, '.', 1) in ('public', 'private') and to_regclass(relation) is null`;
  expect([...missing]).toEqual([]);
});

test("every column that may hold words is erased, or said to hold none", async ({ db }) => {
  const { userId } = await live(db);
  const words = ["Schmidt", "Lindenstraße", "1990-04-23", "A note."];
  expect(await tablesWith(db.sql, words)).toEqual(
    expect.arrayContaining([
      "private.kyc_attempts",
      "private.kyc_notes",
      "public.addresses",
      "public.profiles",
    ]),
  );
  await db.sql`select private.erase_rows(${userId}, 'now'), private.erase_rows(${userId}, 'later')`;
  const left = await tablesWith(db.sql, words);
  // Auth's own tables go when Auth is told; nothing has been sent here.
  expect(left.filter((name) => !name.startsWith("auth."))).toEqual([]);
});

test("no API role reads the registry or calls what reads it", async ({ db }) => {
  const { userId } = await live(db);
  for (const call of [
    `select * from private.personal_data`,
    `select private.personal_data_rows('${userId}', 'profile')`,
    `select private.erase_rows('${userId}', 'now')`,
    `select private.activity_of('${userId}')`,
  ]) {
    for (const caller of [user(userId), service]) {
      await expect(
        db.as(caller, (sql) => sql.unsafe(call)),
        call,
      ).rejects.toMatchObject({
        code: "42501",
      });
    }
  }
  const [profile] = await db.sql`select first_name from public.profiles where user_id = ${userId}`;
  expect(profile).toEqual({ first_name: "Anna" });
});
