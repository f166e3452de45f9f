import { createHash, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { beginAnchor, createSigner, makeAnchor } from "../../../helpers/db-anchors.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";

const signer = await createSigner("key-1");

const append = (db: Db, stream: string, count = 1) =>
  db.sql`select private.audit_append(${stream}, 'staff', 'actor', 'test.done', 'thing', n::text)
    from generate_series(1, ${count}::integer) as n`;

async function headsOf(db: Db) {
  const rows = await db.sql<{ stream: string; sequence: number; hash: string }[]>`
    select stream, sequence::integer, encode(hash, 'hex') as hash from private.audit_heads
    order by stream collate "C"`;
  return rows.map(({ stream, sequence, hash }) => [stream, sequence, hash] as const);
}

function digestOf(heads: readonly (readonly [string, number, string])[]): string {
  const whole = createHash("sha256");
  for (const head of heads) whole.update(createHash("sha256").update(head.join(" ")).digest());
  return whole.digest("hex");
}

test("the first anchor holds every end, the next ones what has changed, and all of them the digest", async ({
  db,
}) => {
  const [a, b] = [`test:a${randomUUID()}`, `test:b${randomUUID()}`];
  await append(db, a, 2);
  await append(db, b);
  const first = await beginAnchor(db);
  const heads = await headsOf(db);
  expect(first).toEqual({
    version: 1,
    number: 1,
    previous: null,
    at: expect.stringMatching(/Z$/),
    heads,
    complete: true,
    streams: heads.length,
    digest: digestOf(heads),
  });
  const document = await signer.sign(first ?? {});
  await db.sql`select private.audit_anchor_sign(1, true, ${document})`;
  await db.sql`update private.settings set audit_anchor_every = '0 seconds'`;
  expect(await beginAnchor(db)).toBeNull();

  await append(db, b);
  const later = await headsOf(db);
  expect(await beginAnchor(db)).toMatchObject({
    number: 2,
    previous: createHash("sha256").update(document).digest("hex"),
    heads: later.filter(([stream]) => stream === b),
    complete: true,
    streams: later.length,
    digest: digestOf(later),
  });
});

test("nothing is due before the time of the settings is over", async ({ db }) => {
  const stream = `test:${randomUUID()}`;
  await append(db, stream);
  await makeAnchor(db, signer);
  await db.sql`update private.settings set audit_anchor_every = '15 minutes'`;
  await append(db, stream);
  expect(await beginAnchor(db)).toBeNull();
  await db.as(service, (sql) => sql`select private.shift_clock('14 minutes'::interval)`);
  expect(await beginAnchor(db)).toBeNull();
  await db.as(service, (sql) => sql`select private.shift_clock('16 minutes'::interval)`);
  expect((await beginAnchor(db))?.heads).toEqual([[stream, 2, expect.any(String)]]);
});

test("an anchor that did not hold everything is followed by the next one at once", async ({
  db,
}) => {
  for (let index = 0; index < 3; index += 1) await append(db, `test:${index}${randomUUID()}`);
  await makeAnchor(db, signer, 2);
  await db.sql`update private.settings set audit_anchor_every = '15 minutes'`;
  expect(await beginAnchor(db)).toMatchObject({ number: 2 });
});

test("only one anchor is made at a time", async ({ db, database }) => {
  await append(db, `test:${randomUUID()}`);
  expect(await beginAnchor(db)).not.toBeNull();
  const { default: postgres } = await import("postgres");
  const other = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await other`select private.audit_anchor_begin(10) as body`;
    expect(row?.body).toBeNull();
  } finally {
    await other.end();
  }
});

test("nobody but the worker makes anchors", async ({ db }) => {
  const keeps = (sql: Db["sql"]) => sql`select * from private.audit_anchored_heads`;
  const does = (sql: Db["sql"]) => sql`select private.audit_anchor_begin(1)`;
  for (const as of [anon, user(await createStaff(db, "admin"))]) {
    await expectDenied(db, "42501", { as, does, keeps });
  }
});
