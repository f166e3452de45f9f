import { hash } from "node:crypto";
import { BoundedLog, BoundedMap } from "./bounded.ts";
import type { MockEvent, VerificationRecord } from "./model.ts";
import type { NewVerification } from "./schemas.ts";

const KEPT_RECORDS = 20_000;
const KEPT_REQUESTS = 1000;

/** What is known about one `external_id`. */
export interface Case {
  /** The last sequence number used in an event about it. */
  lastSequence: number;
  /** Its verifications, oldest first. */
  records: VerificationRecord[];
}

/** What is known about one idempotency key. */
export interface KeyEntry {
  readonly fingerprint: string;
  tries: number;
  /** The status of the first success, given again. */
  status: 201 | 202;
  record: VerificationRecord | null;
}

/** A request about verifications, as in the contract's `LoggedRequest`. */
export interface LoggedRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  external_id: string | null;
  readonly idempotency_key: string | null;
  body: Record<string, unknown> | null;
  status: number | null;
}

/**
 * What makes two bodies the same request. Links are signed anew for every try and the address for
 * events is no part of what is asked, so neither counts.
 */
export function fingerprintOf(body: NewVerification): string {
  const documents = body.documents.map(({ url: _url, ...document }) => document);
  return hash(
    "sha256",
    JSON.stringify([body.external_id, body.attempt, body.applicant, documents]),
  );
}

/** Everything the server remembers, in memory and bounded. */
export class Store {
  readonly requests = new BoundedLog<LoggedRequest>(KEPT_REQUESTS);
  readonly keys = new BoundedMap<KeyEntry>(KEPT_RECORDS);
  readonly #cases = new Map<string, Case>();
  readonly #events = new Map<string, VerificationRecord>();
  readonly #records: BoundedMap<VerificationRecord>;

  /** @param onEvict Is told of each record that is forgotten. */
  constructor(onEvict: (record: VerificationRecord) => void, capacity = KEPT_RECORDS) {
    this.#records = new BoundedMap(capacity, (record) => {
      this.#forget(record);
      onEvict(record);
    });
  }

  get size(): number {
    return this.#records.size;
  }

  record(id: string): VerificationRecord | undefined {
    return this.#records.get(id);
  }

  case(externalId: string): Case | undefined {
    return this.#cases.get(externalId);
  }

  /** The case of a reference, made when there is none. */
  openCase(externalId: string): Case {
    const known = this.#cases.get(externalId);
    if (known) return known;
    const made: Case = { lastSequence: 0, records: [] };
    this.#cases.set(externalId, made);
    return made;
  }

  add(record: VerificationRecord): void {
    this.openCase(record.externalId).records.push(record);
    this.#records.set(record.id, record);
  }

  addEvent(record: VerificationRecord, event: MockEvent): void {
    record.events.set(event.id, event);
    this.#events.set(event.id, record);
  }

  /** An event that was made, with the verification it came from. */
  event(id: string): { record: VerificationRecord; event: MockEvent } | undefined {
    const record = this.#events.get(id);
    const event = record?.events.get(id);
    return record && event && { record, event };
  }

  clear(): void {
    this.#records.clear();
    this.#cases.clear();
    this.#events.clear();
    this.keys.clear();
    this.requests.clear();
  }

  #forget(record: VerificationRecord): void {
    for (const id of record.events.keys()) this.#events.delete(id);
    const known = this.#cases.get(record.externalId);
    if (!known) return;
    known.records = known.records.filter((other) => other !== record);
    if (known.records.length === 0) this.#cases.delete(record.externalId);
  }
}
