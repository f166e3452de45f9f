import { randomUUID } from "node:crypto";
import { type Db, service } from "./db.ts";

/** A topic that no worker sends, so that a test never takes or loses a message of another suite. */
export const TEST_TOPIC = "provider.redact";

/** Queues a message of the test topic, due now; the provider is the test's own, and so is its circuit. */
export async function queueMessage(db: Db, provider = `p_${randomUUID()}`): Promise<string> {
  const [row] = await db.sql<{ id: string }[]>`
    insert into private.outbox (topic, subject_id, provider, idempotency_key, next_attempt_at)
    values (${TEST_TOPIC}, ${randomUUID()}, ${provider}, ${randomUUID()}, private.now())
    returning message_id as id`;
  if (!row) throw new Error("No message was queued.");
  return row.id;
}

export interface Claim {
  readonly message_id: string;
  readonly lease_id: string;
  readonly attempts: number;
}

export async function claim(db: Db, limit = 100): Promise<Claim[]> {
  const rows = await db.as(
    service,
    (sql) => sql<Claim[]>`
      select message_id, lease_id, attempts from private.outbox_claim(${limit}, ${[TEST_TOPIC]}::text[])`,
  );
  return [...rows];
}

/** Notes a failed try of a claimed message; returns what was decided. */
export async function fail(
  db: Db,
  { message_id, lease_id }: Pick<Claim, "message_id" | "lease_id">,
  status: number | null,
  retryAfterSeconds: number | null = null,
): Promise<string> {
  const rows = await db.as(
    service,
    (sql) => sql<{ status: string }[]>`
      select private.outbox_failed(${message_id}, ${lease_id}, ${status}, 'failed', ${retryAfterSeconds}) ->> 'status' as status`,
  );
  return rows[0]?.status ?? "";
}
