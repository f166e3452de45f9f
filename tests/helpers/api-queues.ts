import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { call } from "./api.ts";
import { newEvent, newReference, webhook } from "./api-webhook.ts";

/** An event of the inbox, as staff names it. */
export type StoredEvent = { readonly id: string; readonly providerEventId: string };

/** Delivers an event about a verification that nobody knows, so that it is parked. */
export async function parkEvent(sql: postgres.Sql): Promise<StoredEvent> {
  const event = newEvent({ reference: newReference() });
  await call("kycWebhook.receiveEvent", webhook(event));
  const [row] = await sql<{ id: string }[]>`
    select event_row_id as id from private.webhook_inbox where event_id = ${event.id}`;
  if (!row) throw new Error("The event was not taken in.");
  return { id: row.id, providerEventId: event.id };
}

/** A message that was given up, of a topic with nothing behind it: its account is gone already. */
export async function deadMessage(
  sql: postgres.Sql,
  { subjectId = randomUUID(), provider = `p_${randomUUID()}` } = {},
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into private.outbox (topic, subject_id, provider, idempotency_key, status, attempts, next_attempt_at,
      last_status_code, last_error, finished_at)
    values ('provider.redact', ${subjectId}, ${provider}, ${randomUUID()}, 'dead', 9, private.now(), 503,
      'The provider answered 503.', private.now())
    returning message_id as id`;
  if (!row) throw new Error("No message was written.");
  return row.id;
}
