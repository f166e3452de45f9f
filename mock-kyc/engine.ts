import type { VirtualClock } from "./clock.ts";
import type { Deliverer } from "./delivery.ts";
import { ProviderError } from "./errors.ts";
import { findingsOf, viewOf } from "./findings.ts";
import { makeId } from "./ids.ts";
import type { EventTemplate, MockEvent, Verification, VerificationRecord } from "./model.ts";
import { KINDS } from "./scenarios/kinds.ts";
import { draftsOf, eventOf, ORDINARY_SEND, type Step } from "./scenarios/plan.ts";
import { planOf, type Scenario } from "./scenarios/scenario.ts";
import type { NewVerification } from "./schemas.ts";
import { Store } from "./store.ts";

/** Accepts verifications and lets happen what their scenarios say. */
export class Engine {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly deliverer: Deliverer;
  #seed: string;

  constructor(clock: VirtualClock, deliverer: Deliverer, seed: string) {
    this.clock = clock;
    this.deliverer = deliverer;
    this.#seed = seed;
    this.store = new Store((record) => this.#drop(record));
  }

  /**
   * Accepts a verification and starts its plan.
   *
   * @returns Its first view; for an early plan, after the events have been delivered.
   */
  async accept(
    body: NewVerification,
    callbackUrl: string,
    scenario: Scenario,
    remember: (record: VerificationRecord) => void,
  ): Promise<Verification> {
    const known = this.store.openCase(body.external_id);
    const previous = known.records.findLast(({ attempt }) => attempt < body.attempt) ?? null;
    const record = this.#newRecord(body, callbackUrl);
    const plan = planOf(scenario, {
      seed: this.#seed,
      about: record,
      previous,
      lastSequence: known.lastSequence,
      acceptedMs: record.acceptedMs,
      scaled: (delayMs) => this.clock.scaled(delayMs),
    });
    known.lastSequence = plan.lastSequence;
    this.store.add(record);
    if (scenario.outcome.answer.statuses.includes(201)) {
      for (const step of plan.steps) if (step.applies) this.#apply(record, step.event);
    }
    const answer = viewOf(record);
    record.firstAnswer = answer;
    remember(record);
    const done = this.#run(record, plan.steps);
    if (plan.early) await done;
    return answer;
  }

  /** Cancels an open verification; a cancelled one stays as it is. */
  cancel(id: string): Verification {
    const record = this.require(id);
    const { status } = record.findings;
    if (status === "cancelled") return viewOf(record);
    if (status !== "processing" && status !== "in_review") {
      throw new ProviderError("verification_closed", `It is ${status} and can't be cancelled.`);
    }
    this.#drop(record);
    this.#happen(record, { kind: "cancelled", delayMs: 0 });
    return viewOf(record);
  }

  /** Removes what is known about the person. */
  redact(id: string): Verification {
    const record = this.require(id);
    if (record.redactedAt) return viewOf(record);
    this.#drop(record);
    record.redactedAt = this.clock.nowIso();
    for (const request of this.store.requests.items) {
      if (request.external_id === record.externalId) request.body = null;
    }
    this.#happen(record, { kind: "redacted", delayMs: 0 });
    return viewOf(record);
  }

  /** Lets the provider's analyst decide, whatever was said before. */
  decide(id: string, template: Omit<EventTemplate, "delayMs">): Verification {
    const record = this.require(id);
    if (record.redactedAt) {
      throw new ProviderError("verification_redacted", "There is nothing left to decide on.");
    }
    if (record.findings.status === "cancelled") {
      throw new ProviderError("verification_closed", "It is cancelled.");
    }
    this.#happen(record, { ...template, delayMs: 0 });
    return viewOf(record);
  }

  /** The record of an id, or a refusal. */
  require(id: string): VerificationRecord {
    const record = this.store.record(id);
    if (!record) throw new ProviderError("not_found", `There is no verification ${id}.`);
    return record;
  }

  /** Forgets everything; resolves when what was on its way has arrived, so that nothing follows. */
  async reset(seed = this.#seed): Promise<void> {
    this.store.clear();
    this.clock.reset();
    await this.deliverer.settled();
    this.#seed = seed;
    this.deliverer.reset(seed);
  }

  #newRecord(body: NewVerification, callbackUrl: string): VerificationRecord {
    const { external_id: externalId, attempt } = body;
    const same = this.store.case(externalId)?.records.filter((other) => other.attempt === attempt);
    const id = makeId("mkv", this.#seed, externalId, attempt, (same?.length ?? 0) + 1);
    const acceptedMs = this.clock.nowMs();
    const documents = body.documents.map(({ type, side, issuing_country }) => ({
      type,
      side,
      issuing_country: issuing_country ?? null,
    }));
    const about = { id, externalId, attempt, documents, findings: null };
    return {
      ...about,
      callbackUrl,
      acceptedMs,
      firstAnswer: null,
      sequence: 0,
      updatedAt: new Date(acceptedMs).toISOString(),
      redactedAt: null,
      findings: findingsOf({ kind: "processing", delayMs: 0 }, about, acceptedMs),
      plan: 0,
      events: new Map(),
      pendingTimers: 0,
    };
  }

  /** Something that was not planned happens now. */
  #happen(record: VerificationRecord, template: EventTemplate): void {
    const known = this.store.openCase(record.externalId);
    known.lastSequence += 1;
    for (const draft of draftsOf([template], record)) {
      const typed = { ...draft, type: KINDS[template.kind].type };
      const event = eventOf(typed, this.#seed, known.lastSequence, this.clock.nowMs());
      this.#apply(record, event);
      this.store.addEvent(record, event);
      void this.deliverer.send(record, event, ORDINARY_SEND);
    }
  }

  /** Gives up what is still planned for a record. */
  #drop(record: VerificationRecord): void {
    record.plan += 1;
    this.clock.drop(record);
  }

  #apply(record: VerificationRecord, event: MockEvent): void {
    if (event.sequence <= record.sequence) return;
    record.sequence = event.sequence;
    record.findings = event.data;
    record.updatedAt = event.occurred_at;
  }

  /** Carries out a plan. The next step waits for the first delivery of the one before it. */
  async #run(record: VerificationRecord, steps: readonly Step[]): Promise<void> {
    const { plan } = record;
    // The scale counts as it is now, so the moments are fixed before anything is waited for.
    const timed = steps.map((step) => ({
      ...step,
      dueMs: record.acceptedMs + this.clock.scaled(step.atMs),
    }));
    for (const { dueMs, event, applies, send } of timed) {
      if (!(await this.clock.until(dueMs, record)) || record.plan !== plan) return;
      if (applies) this.#apply(record, event);
      this.store.addEvent(record, event);
      if (send) await this.deliverer.send(record, event, send);
    }
  }
}
