import { SERVICE } from "../../_shared/auth/principal.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import { ingestEvent } from "../../_shared/providers/ingest-event.ts";
import { ProviderError } from "../../_shared/providers/kyc-provider.ts";
import type { WorkerDeps } from "../deps.ts";
import type { Message } from "./message.ts";
import type { Shared, StoredSubmission } from "./shared-calls.ts";

/** What sending needs. */
export type Sending = {
  readonly deps: WorkerDeps;
  readonly transaction: RunTransaction;
  /** Calls that the messages of a run make together. */
  readonly shared: Shared;
};

/**
 * Sends one message and notes that it arrived. What is sent is read here and not when the message
 * was written, so the queue holds no personal data.
 *
 * @throws ProviderError or any other error: the message did not arrive
 */
export async function sendMessage(sending: Sending, message: Message): Promise<void> {
  const { provider } = sending.deps;
  if (message.provider !== null && message.provider !== provider.name) {
    throw new ProviderError("unavailable", "No adapter for this provider is configured.");
  }
  switch (message.topic) {
    case "provider.submit":
      return submit(sending, message);
    case "provider.fetch":
      return fetchState(sending, message);
    case "provider.cancel":
      return withReference(sending, message, (reference) => provider.cancel(reference));
    case "provider.redact":
      return withReference(sending, message, (reference) => provider.redact(reference));
    case "auth.erase":
      return eraseAccount(sending, message);
    case "storage.clear":
      return clearFolder(sending, message);
    case "storage.remove":
      await sending.deps.storage.remove(message.payload.paths ?? []);
      return acknowledge(sending, message);
  }
}

async function submit(sending: Sending, message: Message): Promise<void> {
  const { provider } = sending.deps;
  const submission = await sending.shared.read(message);
  if (!submission.is_wanted) return acknowledge(sending, message);
  // The last try had no answer, so it may have arrived: ask before sending a person's data again.
  const isUncertain = message.attempts > 1 && message.last_status_code === null;
  const known = isUncertain ? await provider.find(message.subject_id, submission.attempt) : null;
  const reference = known?.provider_reference ?? (await post(sending, message, submission));
  await sending.shared.accepted({ message, reference });
}

async function post(
  { deps: { provider }, shared }: Sending,
  { idempotency_key: key }: Message,
  { verification_id, attempt, applicant, documents }: StoredSubmission,
): Promise<string> {
  const urls = await shared.sign(documents.map(({ storage_path }) => storage_path));
  return provider.submit(
    {
      verificationId: verification_id,
      attempt,
      applicant,
      documents: documents.map(({ type, side, content_type, sha256 }, index) => ({
        type,
        side,
        contentType: content_type,
        sha256,
        url: urls[index] ?? "",
      })),
    },
    key,
  );
}

/** Asks for the newest state and takes it in like an event, so that a lost webhook heals. */
async function fetchState(sending: Sending, message: Message): Promise<void> {
  const { provider } = sending.deps;
  const { provider_reference, verification_id, attempt } = await sending.shared.read(message);
  const event = provider_reference
    ? await provider.fetch(provider_reference)
    : await provider.find(verification_id, attempt);
  if (event?.outcome) {
    const text = JSON.stringify(event);
    await sending.transaction(SERVICE, (tx) => ingestEvent(tx, provider.name, event, text));
  }
  return acknowledge(sending, message);
}

/** Without a reference the provider never got the submission, and there is nothing to take back. */
async function withReference(
  sending: Sending,
  message: Message,
  call: (reference: string) => Promise<void>,
): Promise<void> {
  const { provider_reference } = await sending.shared.read(message);
  if (provider_reference !== null) await call(provider_reference);
  return acknowledge(sending, message);
}

async function eraseAccount(sending: Sending, message: Message): Promise<void> {
  const isDone = await sending.deps.accounts.erase(message.subject_id);
  if (!isDone) throw new Error("Auth did not erase the account.");
  return acknowledge(sending, message);
}

async function clearFolder(sending: Sending, message: Message): Promise<void> {
  const { bucket, prefix } = message.payload;
  // Without a folder this would mean the whole bucket.
  if (!bucket || !prefix?.endsWith("/")) throw new Error("The message names no folder.");
  await sending.deps.buckets.clear(bucket, prefix);
  return acknowledge(sending, message);
}

async function acknowledge({ transaction }: Sending, { message_id }: Message): Promise<void> {
  await transaction(SERVICE, (tx) => tx`select private.outbox_sent(${message_id})`);
}
