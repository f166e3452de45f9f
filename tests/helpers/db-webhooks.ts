import { randomBytes } from "node:crypto";
import { type Db, service, user } from "./db.ts";
import { createStaff } from "./db-fixtures.ts";

/** A secret as the function makes it. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** What no refused call may change. */
export const keepsWebhooks = (sql: Db["sql"]) => sql`
  select (select jsonb_agg(e order by endpoint_id) from private.webhook_endpoints as e) as endpoints,
    (select jsonb_agg(s order by secret_id) from private.webhook_secrets as s) as secrets,
    (select jsonb_agg(d order by delivery_id) from private.webhook_deliveries as d) as deliveries,
    (select count(*)::int from private.audit_log) as entries`;

export interface Endpoint {
  readonly endpointId: string;
  readonly secret: string;
  readonly adminId: string;
}

/** Sets up an endpoint as an administrator does. */
export async function createEndpoint(
  db: Db,
  eventTypes: readonly string[] = ["user.*", "kyc.*"],
  changes: Readonly<Record<string, unknown>> = {},
  by?: string,
): Promise<Endpoint> {
  const adminId = by ?? (await createStaff(db, "admin"));
  const secret = newSecret();
  const input = { url: "https://hooks.example.com/nff", event_types: eventTypes, ...changes };
  const [row] = await db.as(
    user(adminId),
    (sql) => sql<{ id: string }[]>`
      select private.create_webhook_endpoint(${sql.json(input)}, ${secret}) ->> 'endpoint_id' as id`,
  );
  if (!row) throw new Error("No endpoint was created.");
  return { endpointId: row.id, secret, adminId };
}

/** What administrators see of an endpoint. */
export async function endpointOf(db: Db, endpointId: string) {
  const [row] = await db.sql<{ endpoint: Record<string, unknown> }[]>`
    select private.webhook_endpoint_json(e) as endpoint
    from private.webhook_endpoints as e where endpoint_id = ${endpointId}`;
  return row?.endpoint;
}

/** An event about nobody in particular: the subject is its own. */
export async function emit(
  db: Db,
  type = "user.updated",
  subjectId: string = crypto.randomUUID(),
): Promise<string> {
  await db.sql`select private.webhook_emit(${type}, ${subjectId}, null, '{}')`;
  return subjectId;
}

export interface Claim {
  readonly delivery_id: string;
  readonly lease_id: string;
  readonly endpoint_id: string;
  readonly message_id: string;
  readonly url: string;
  readonly secrets: string[];
  readonly body: string;
  readonly attempts: number;
}

export async function claim(db: Db, limit = 100): Promise<Claim[]> {
  const rows = await db.as(
    service,
    (sql) => sql<Claim[]>`select * from private.webhook_claim(${limit})`,
  );
  return [...rows];
}

/** Settles an attempt; without an error it was a success. */
export async function settle(
  db: Db,
  { delivery_id, lease_id }: Pick<Claim, "delivery_id" | "lease_id">,
  status: number | null,
  retryAfterSeconds: number | null = null,
): Promise<string> {
  const error = status !== null && status < 300 ? null : "The receiver did not want it.";
  const rows = await db.as(
    service,
    (sql) => sql<{ outcome: string }[]>`
      select private.webhook_settle(${delivery_id}, ${lease_id}, ${status}, 12, ${error}, ${retryAfterSeconds}) as outcome`,
  );
  return rows[0]?.outcome ?? "";
}

/** The only delivery that is due, claimed. */
export async function claimOne(db: Db): Promise<Claim> {
  const [claimed, ...others] = await claim(db);
  if (!claimed || others.length > 0) throw new Error("There is not exactly one delivery.");
  return claimed;
}

/** The events that were written, oldest first, with what they carry. */
export async function eventsOf(db: Db, subjectId: string) {
  const rows = await db.sql<{ type: string; sequence: number; body: string }[]>`
    select type, sequence::int as sequence, body from private.webhook_messages
    where subject_id = ${subjectId} order by sequence`;
  return rows.map(({ type, sequence, body }) => ({ type, sequence, ...JSON.parse(body) }));
}

/** Moves the clock of this transaction. */
export const later = (db: Db, by: string) =>
  db.sql`update private.settings set clock_shift = clock_shift + ${by}::text::interval`;
