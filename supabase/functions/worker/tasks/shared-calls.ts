import { SERVICE } from "../../_shared/auth/principal.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import type { Applicant } from "../../_shared/providers/kyc-provider.ts";
import type { WorkerDeps } from "../deps.ts";
import { batched } from "./batched.ts";
import type { Message } from "./message.ts";

/** What the database keeps of a submission; see `private.kyc_submission`. */
export type StoredSubmission = {
  readonly verification_id: string;
  readonly attempt: number;
  readonly provider_reference: string | null;
  readonly applicant: Applicant;
  readonly documents: readonly {
    readonly type: string;
    readonly side: string;
    readonly content_type: string;
    readonly sha256: string;
    readonly storage_path: string;
  }[];
  /** Whether the verification still waits for it. */
  readonly is_wanted: boolean;
};

/** A submission that the provider has taken. */
type Acceptance = { readonly message: Message; readonly reference: string };

/**
 * What the messages of a run need of the database and of Storage. Messages that need it at the same time
 * share a transaction or a call; only the provider is called for each of them alone.
 */
export type Shared = {
  /** What is to be sent. It is read here and not when the message was written. */
  read(message: Message): Promise<StoredSubmission>;
  /** Links at which the provider can fetch documents, in the order of the paths. */
  sign(paths: readonly string[]): Promise<readonly string[]>;
  /** Notes that the provider has taken a submission. */
  accepted(acceptance: Acceptance): Promise<void>;
};

/** Messages in one transaction, and transactions of a kind at a time. */
const BATCH = { max: 16, atOnce: 2 } as const;
/** How long the provider may take to fetch the documents. */
const LINK_LIFETIME_SECONDS = 24 * 60 * 60;
const ACCEPTED = 202;

/** @example const shared = shareCalls({ deps, transaction }); */
export function shareCalls({
  deps: { storage },
  transaction,
}: {
  readonly deps: Pick<WorkerDeps, "storage">;
  readonly transaction: RunTransaction;
}): Shared {
  const read = batched(
    (messages: readonly Message[]) => readSubmissions(transaction, messages),
    BATCH,
  );
  const sign = batched<readonly string[], readonly string[]>(async (lists) => {
    const urls = (await storage.signDownloads(lists.flat(), LINK_LIFETIME_SECONDS)).values();
    return lists.map((paths) => paths.map(() => urls.next().value ?? ""));
  }, BATCH);
  const accepted = batched(
    (acceptances: readonly Acceptance[]) => noteAcceptances(transaction, acceptances),
    BATCH,
  );
  return { read, sign, accepted };
}

async function readSubmissions(
  transaction: RunTransaction,
  messages: readonly Message[],
): Promise<readonly StoredSubmission[]> {
  const wanted = messages.map(({ subject_id: id, payload }) => ({
    id,
    attempt: payload.attempt ?? 0,
  }));
  const rows = await transaction(
    SERVICE,
    (tx) => tx<{ submission: StoredSubmission }[]>`
      select private.kyc_submission(wanted.id, wanted.attempt) as submission
      from jsonb_to_recordset(${tx.json(wanted)}) as wanted (id uuid, attempt integer)
    `,
  );
  return rows.map(({ submission }) => submission);
}

async function noteAcceptances(
  transaction: RunTransaction,
  acceptances: readonly Acceptance[],
): Promise<readonly undefined[]> {
  // In one order, so that two workers do not wait for each other's verifications crosswise.
  const taken = acceptances
    .toSorted((left, right) => (left.message.subject_id < right.message.subject_id ? -1 : 1))
    .map(({ message, reference }) => ({ id: message.message_id, reference }));
  await transaction(
    SERVICE,
    (tx) => tx`
      select private.kyc_provider_accepted(taken.id, taken.reference, ${ACCEPTED})
      from jsonb_to_recordset(${tx.json(taken)}) as taken (id uuid, reference text)
    `,
  );
  return acceptances.map(() => undefined);
}
