import { SERVICE } from "../../_shared/auth/principal.ts";
import { ApiError } from "../../_shared/errors.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { ingestEvent } from "../../_shared/providers/ingest-event.ts";
import type { KycWebhookDeps } from "../deps.ts";

/**
 * Takes an event in. The signature is verified over the raw bytes before anything is parsed, and
 * only then does the request act as the service. Storing and applying are one transaction, so a 200
 * means that the event is kept, whatever it means for the verification.
 */
export const receiveEvent: UnboundOperation<"kycWebhook.receiveEvent", KycWebhookDeps> = unbound(
  async ({ params, headers, rawBody, deps: { provider }, transaction, log }) => {
    if (params.provider !== provider.name) throw new ApiError("not_found");
    const event = await provider.readWebhook({ headers, body: rawBody });
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rawBody);
    const result = await transaction(SERVICE, (tx) => ingestEvent(tx, provider.name, event, text));
    log.info("event taken in", { provider: provider.name, task: event.type, result });
    // Committed first: what somebody tried is evidence.
    if (result === "payload_mismatch") throw new ApiError("event_payload_mismatch");
    return { status: 200, body: { received: true, result } };
  },
);
