import { z } from "zod";
import { unauthorized } from "../../auth/challenge.ts";
import type { MockProviderEnvironment } from "../../env.ts";
import { ApiError } from "../../errors.ts";
import { parseJson } from "../../http/body.ts";
import { findSignatureFault } from "../../http/webhook-signature.ts";
import { callProvider } from "../call-provider.ts";
import { type KycProvider, ProviderError } from "../kyc-provider.ts";
import { verification, verificationList } from "./schemas.ts";
import { fromEvent, fromVerification, toNewVerification } from "./translate.ts";

/** What became of a call whose answer does not matter. */
const anything = z.unknown();
/** The provider has nothing left to do: it never knew the submission, or it is closed. */
const ALREADY_DONE = new Set([404, 409]);

/**
 * The adapter of the mock provider, written against its contract like one of any vendor.
 *
 * @param now milliseconds since the epoch; tests bring their own
 */
export function createMockProvider(
  { name, url, apiKey, webhookSecrets, callbackUrl }: MockProviderEnvironment,
  now: () => number = Date.now,
): KycProvider {
  const base = `${url}/v1/verifications`;
  const headers = { authorization: `Bearer ${apiKey}` };
  const at = (reference: string) => `${base}/${encodeURIComponent(reference)}`;

  return {
    name,

    async submit(submission, idempotencyKey) {
      const { id } = await callProvider(
        {
          method: "POST",
          url: base,
          headers: { ...headers, "idempotency-key": idempotencyKey },
          body: toNewVerification(submission, callbackUrl),
        },
        verification,
      );
      return id;
    },

    async find(verificationId, attempt) {
      const query = new URLSearchParams({ external_id: verificationId, attempt: String(attempt) });
      const { items } = await callProvider(
        { method: "GET", url: `${base}?${query}`, headers },
        verificationList,
      );
      const [newest] = items;
      return newest ? fromVerification(newest) : null;
    },

    async fetch(reference) {
      const found = await callProvider(
        { method: "GET", url: at(reference), headers },
        verification,
      ).catch(unlessNotFound);
      return found && fromVerification(found);
    },

    async cancel(reference) {
      const request = { method: "POST", url: `${at(reference)}/cancel`, headers } as const;
      await callProvider(request, anything).catch(unlessDone);
    },

    async redact(reference) {
      const request = { method: "DELETE", url: at(reference), headers } as const;
      await callProvider(request, anything).catch(unlessDone);
    },

    async readWebhook(message) {
      const fault = findSignatureFault(message, webhookSecrets, now());
      if (fault !== null) {
        throw unauthorized("invalid_signature", "Signature", { cause: new Error(fault) });
      }
      const event = fromEvent(parseJson(message.body));
      if (event.event_id !== message.headers.get("webhook-id")) {
        throw new ApiError("validation_failed", { detail: "The body names another event." });
      }
      return event;
    },
  };
}

function unlessNotFound(error: unknown): null {
  if (error instanceof ProviderError && error.status === 404) return null;
  throw error;
}

function unlessDone(error: unknown): void {
  if (!(error instanceof ProviderError && ALREADY_DONE.has(error.status ?? 0))) throw error;
}
