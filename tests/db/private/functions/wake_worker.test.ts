import postgres from "postgres";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test } from "../../../helpers/db.ts";
import { queueMessage } from "../../../helpers/db-outbox.ts";
import { createEndpoint, emit } from "../../../helpers/db-webhooks.ts";

/** Stands in for pg_net and Vault, which plain Postgres lacks. */
const PLATFORM = `
  create schema net;
  create table net.calls (url text, headers jsonb);
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{}', timeout_milliseconds integer default 5000) returns bigint
    language sql as 'insert into net.calls values (url, headers); select 1::bigint';
  create table vault.decrypted_secrets (name text, decrypted_secret text);
  grant usage on schema net, vault to postgres;
  grant all on net.calls, vault.decrypted_secrets to postgres;`;

const wake = async (db: Db) => {
  const [row] = await db.sql`select private.wake_worker() as woke`;
  return row?.woke;
};

test("without pg_net and Vault nobody is called", async ({ db }) => {
  await queueMessage(db);
  expect(await wake(db)).toBe(false);
});

test("with both, the worker is called when something is due, with its key and nothing else", async ({
  db,
  database,
}) => {
  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(PLATFORM).simple();
  await admin.end();
  await queueMessage(db);
  expect(await wake(db)).toBe(false);
  await db.sql`insert into vault.decrypted_secrets values
    ('project_url', 'https://project.example.com/'), ('worker_secret_key', 'sb_secret_x')`;
  expect(await wake(db)).toBe(true);
  expect([...(await db.sql`select * from net.calls`)]).toEqual([
    {
      url: "https://project.example.com/functions/v1/worker/run",
      headers: { "content-type": "application/json", apikey: "sb_secret_x" },
    },
  ]);
  await db.sql`update private.outbox set status = 'sent' where status = 'pending'`;
  expect(await wake(db)).toBe(false);

  const { endpointId } = await createEndpoint(db);
  await emit(db);
  expect(await wake(db)).toBe(true);
  // Nobody is woken for what waits until staff enables an endpoint again.
  await db.sql`update private.webhook_endpoints set disabled_at = private.now(), disabled_reason = 'by_staff'
    where endpoint_id = ${endpointId}`;
  expect(await wake(db)).toBe(false);
});

test("no API role can call it", async ({ db }) => {
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.wake_worker()`,
      keeps: (sql) => sql`select count(*) from private.outbox`,
    });
  }
});
