import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import type { ApiRequest } from "./api.ts";

/** What the stack's functions are configured with; the same file that the stack reads. */
function webhookSecret(): string {
  const file = new URL("../../supabase/functions/.env.example", import.meta.url);
  const line = /^KYC_MOCK_WEBHOOK_SECRETS=([^,\n]+)/m.exec(readFileSync(file, "utf8"));
  if (!line?.[1]) throw new Error(".env.example has no webhook secret.");
  return line[1];
}

/** An event of the mock provider as it is sent. */
export type SentEvent = Record<string, unknown> & { id: string };

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** A new id of the provider's own. */
export const newReference = (): string => `mkv_${hex(12)}`;

/** An event about a verification; an approval of the first attempt unless told otherwise. */
export function newEvent(
  about: { reference: string; verificationId?: string },
  changes: Record<string, unknown> = {},
): SentEvent {
  return {
    id: `evt_${hex(12)}`,
    type: "verification.approved",
    api_version: "2025-01-01",
    sequence: 2,
    attempt: 1,
    occurred_at: new Date().toISOString(),
    environment: "mock",
    data: {
      verification_id: about.reference,
      external_id: about.verificationId ?? randomUUID(),
      status: "approved",
      outcome: "approved",
      review_owner: null,
      reason_codes: [],
      rejected_documents: [],
      user_message_key: null,
      document: null,
      checks: [],
      risk_score: 5,
    },
    ...changes,
  };
}

/** How a request is signed; right, unless told otherwise. */
export type Signing = { secret?: string; at?: Date; id?: string };

/**
 * A webhook signed with the official library, which is not what the function verifies it with.
 *
 * @param text the body as it is signed
 */
export function signed(id: string, text: string, signing: Signing = {}): ApiRequest {
  const { secret = webhookSecret(), at = new Date() } = signing;
  const signature = new Webhook(secret).sign(id, at, text);
  return {
    params: { provider: "mock" },
    raw: text,
    headers: {
      "webhook-id": signing.id ?? id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": signature,
    },
  };
}

/** An event, signed. */
export function webhook(event: SentEvent, signing: Signing = {}): ApiRequest {
  return signed(event.id, JSON.stringify(event), signing);
}
