import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createSubmitted, createUser, move } from "../../../helpers/db-fixtures.ts";
import { claim, queueMessage } from "../../../helpers/db-outbox.ts";

test("a message that arrived is finished once", async ({ db }) => {
  const id = await queueMessage(db);
  await claim(db);
  const sent = async () => {
    const [row] = await db.as(
      service,
      (sql) => sql`select private.outbox_sent(${id}, 202) as was_open`,
    );
    return row?.was_open;
  };
  expect(await sent()).toBe(true);
  expect(await sent()).toBe(false);
  const [row] =
    await db.sql`select status, last_status_code, finished_at is not null as is_finished from private.outbox where message_id = ${id}`;
  expect(row).toEqual({ status: "sent", last_status_code: 202, is_finished: true });
});

test("removed files are noted on their documents", async ({ db }) => {
  const { verificationId, documentId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  await db.as(service, async (sql) => {
    await sql`select private.shift_clock('91 days')`;
    await sql`select * from private.run_schedules(100000, true)`;
  });
  const [message] = await db.sql`
    select message_id, payload from private.outbox where subject_id = ${verificationId} and topic = 'storage.remove'`;
  expect(message?.payload.paths).toEqual([expect.stringContaining(documentId)]);
  await db.as(service, (sql) => sql`select private.outbox_sent(${message?.message_id})`);
  const [row] = await db.sql`
    select d.purged_at is not null as document, c.purged_at is not null as case_is
    from public.kyc_documents as d join private.kyc_cases as c using (verification_id) where document_id = ${documentId}`;
  expect(row).toEqual({ document: true, case_is: true });
});

test("people cannot acknowledge", async ({ db }) => {
  const id = await queueMessage(db);
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select private.outbox_sent(${id})`,
    keeps: (sql) => sql`select * from private.outbox where message_id = ${id}`,
  });
});
