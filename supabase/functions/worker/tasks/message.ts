/** A message of the outbox, claimed by this run. */
export type Message = {
  readonly message_id: string;
  readonly topic:
    | "provider.submit"
    | "provider.fetch"
    | "provider.cancel"
    | "provider.redact"
    | "storage.remove"
    | "storage.clear"
    | "auth.erase";
  /** What it is about: a verification, an export, or for `auth.erase` a user. */
  readonly subject_id: string;
  readonly provider: string | null;
  /** The same at every try. */
  readonly idempotency_key: string;
  readonly payload: {
    readonly attempt?: number;
    readonly paths?: readonly string[];
    readonly bucket?: string;
    readonly prefix?: string;
  };
  /** Counts this try. */
  readonly attempts: number;
  /** Of the try before; `null` when there was no answer. */
  readonly last_status_code: number | null;
  /** Names this claim: news about an older one are ignored. */
  readonly lease_id: string;
};
