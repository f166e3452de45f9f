import { randomUUID } from "node:crypto";
import { type Db, service } from "./db.ts";

/** An event of a provider as its adapter hands it to the database. */
export interface EventFields {
  event_id?: string;
  type?: string;
  provider_reference?: string | null;
  verification_id?: string | null;
  attempt?: number | null;
  sequence?: number | null;
  outcome: string | null;
  reason_codes?: string[];
  rejected_documents?: { type: string; side: string; reason_code: string }[];
  document_expires_on?: string;
  risk_score?: number;
  review_owner?: string;
  extracted?: Record<string, string | null>;
}

/** A whole event: an approval of attempt 1, unless told otherwise. */
export function providerEvent(fields: EventFields) {
  return {
    event_id: `evt_${randomUUID()}`,
    type: `verification.${fields.outcome ?? "unknown"}`,
    occurred_at: "2026-11-20T09:21:07.123Z",
    attempt: 1,
    ...fields,
  };
}

/** Takes an event in as the webhook does; returns what became of it. */
export async function ingest(
  db: Db,
  fields: EventFields,
  body = JSON.stringify(fields),
): Promise<string> {
  return db.as(service, async (sql) => {
    const [row] = await sql<{ result: string }[]>`
      select private.kyc_ingest_event('mock', ${sql.json(providerEvent(fields))}, ${body}) ->> 'result' as result`;
    if (!row) throw new Error("The event was not taken in.");
    return row.result;
  });
}
