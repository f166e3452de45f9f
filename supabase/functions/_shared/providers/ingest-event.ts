import { only } from "../db/only.ts";
import type { Transaction } from "../db/transaction.ts";
import type { EventReceipt } from "../generated/contract.ts";
import type { ProviderEvent } from "./kyc-provider.ts";

type Stored = { result: EventReceipt["result"] | "payload_mismatch" | "dead" };

/** What became of an event; `payload_mismatch`: its id was seen before with another body. */
export type IngestResult = EventReceipt["result"] | "payload_mismatch";

/**
 * Stores an event and applies it, in one transaction with the caller's service role. Webhooks and
 * polls go through here alike, so an event that was lost on one way arrives on the other.
 *
 * @param text the body as it came, which is what the provider has signed
 */
export async function ingestEvent(
  tx: Transaction,
  provider: string,
  event: ProviderEvent,
  text: string,
): Promise<IngestResult> {
  const { stored } = only(
    await tx<{ stored: Stored }[]>`
      select private.kyc_ingest_event(${provider}, ${tx.json(event)}, ${text}) as stored
    `,
  );
  // Too old to wait for its verification any longer: to the sender that is the end of it.
  return stored.result === "dead" ? "ignored" : stored.result;
}
