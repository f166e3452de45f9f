import { setImmediate } from "node:timers/promises";
import { BoundedLog } from "./bounded.ts";
import type { VirtualClock } from "./clock.ts";
import { makeId } from "./ids.ts";
import type { MockEvent, VerificationRecord } from "./model.ts";
import { bodyOf, ORDINARY_SEND, type Send } from "./scenarios/plan.ts";
import { sign, wrongSecret } from "./signature.ts";
import type { Reply, Transport } from "./transport.ts";

/** One attempt to deliver one event, as in the contract's `Delivery`. */
export interface Delivery extends Reply {
  readonly id: string;
  readonly event_id: string;
  readonly verification_id: string;
  readonly type: string;
  readonly sequence: number;
  readonly try: number;
  readonly url: string;
  readonly sent_at: string;
  readonly headers: Record<string, string>;
}

/** What follows a delivery that failed, in milliseconds before scaling. */
const RETRY_AFTER_MS = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000] as const;
const GONE = 410;
const KEPT_DELIVERIES = 5000;

const succeeded = ({ status }: Reply) => status !== null && status >= 200 && status < 300;

/** Signs events and brings them to their receivers. */
export class Deliverer {
  readonly log = new BoundedLog<Delivery>(KEPT_DELIVERIES);
  readonly #clock: VirtualClock;
  readonly #transport: Transport;
  readonly #secrets: readonly string[];
  #seed: string;
  #inFlight = 0;
  #count = 0;
  #idle: PromiseWithResolvers<void> | null = null;

  /** @param secrets The active signing secrets, the current one first. */
  constructor(
    clock: VirtualClock,
    transport: Transport,
    options: { readonly secrets: readonly string[]; readonly seed: string },
  ) {
    this.#clock = clock;
    this.#transport = transport;
    this.#secrets = options.secrets;
    this.#seed = options.seed;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get hasPreviousSecret(): boolean {
    return this.#secrets.length > 1;
  }

  reset(seed: string): void {
    this.#seed = seed;
    this.#count = 0;
    this.log.clear();
  }

  /** Resolves when nothing is on its way and nothing was set off that soon will be. */
  async settled(): Promise<void> {
    await setImmediate();
    while (this.#inFlight > 0) {
      this.#idle ??= Promise.withResolvers();
      await this.#idle.promise;
      await setImmediate();
    }
  }

  /**
   * Delivers an event and resolves when its first delivery is done; repetitions of a failed one go
   * on in the background.
   */
  async send(record: VerificationRecord, event: MockEvent, send: Send): Promise<void> {
    const body = bodyOf(event, send.body);
    const { plan } = record;
    // The last of three or more copies comes after the others, so that both kinds of duplicates occur.
    const together = send.copies > 2 ? send.copies - 1 : send.copies;
    const replies = await Promise.all(
      Array.from({ length: together }, () => this.#deliver(record, event, send, body, 1)),
    );
    if (together < send.copies) replies.push(await this.#deliver(record, event, send, body, 1));
    const done = replies.some((reply) => succeeded(reply) || reply.status === GONE);
    if (done || !send.retry || record.plan !== plan) return;
    void this.#repeat(record, event, send, body);
  }

  /** Delivers an event once more, as it is. */
  redeliver(record: VerificationRecord, event: MockEvent): Promise<Delivery> {
    const body = bodyOf(event, "event");
    return this.#deliver(record, event, ORDINARY_SEND, body, 1);
  }

  async #repeat(record: VerificationRecord, event: MockEvent, send: Send, body: string) {
    const { plan } = record;
    for (const [index, delayMs] of RETRY_AFTER_MS.entries()) {
      const dueMs = this.#clock.nowMs() + this.#clock.scaled(delayMs);
      if (!(await this.#clock.until(dueMs, record)) || record.plan !== plan) return;
      const reply = await this.#deliver(record, event, send, body, index + 2);
      if (succeeded(reply) || reply.status === GONE) return;
    }
  }

  async #deliver(
    record: VerificationRecord,
    event: MockEvent,
    send: Send,
    body: string,
    tryNumber: number,
  ): Promise<Delivery> {
    this.#count += 1;
    const id = makeId("dlv", this.#seed, event.id, this.#count);
    const headers = this.#headers(id, event.id, send, body);
    const attempt = {
      id,
      event_id: event.id,
      verification_id: record.id,
      type: event.type,
      sequence: event.sequence,
      try: tryNumber,
      url: record.callbackUrl,
      sent_at: this.#clock.nowIso(),
      headers,
    };
    this.#inFlight += 1;
    const reply = await this.#transport.post(record.callbackUrl, headers, body);
    this.#inFlight -= 1;
    const delivery = { ...attempt, ...reply };
    this.log.add(delivery);
    if (this.#inFlight === 0) {
      this.#idle?.resolve();
      this.#idle = null;
    }
    return delivery;
  }

  #headers(id: string, eventId: string, send: Send, body: string): Record<string, string> {
    // Receivers compare with real time, so signatures do not follow the virtual clock.
    const timestampS = Math.floor(Date.now() / 1000) + send.skewS;
    const signatures = this.#keysFor(send).map((key) => sign(key, eventId, timestampS, body));
    return {
      "content-type": "application/json",
      "user-agent": "mock-kyc",
      "webhook-id": eventId,
      "webhook-timestamp": String(timestampS),
      ...(signatures.length > 0 ? { "webhook-signature": signatures.join(" ") } : {}),
      "x-mock-delivery-id": id,
    };
  }

  #keysFor({ key }: Send): readonly string[] {
    switch (key) {
      case "active":
        return this.#secrets;
      case "previous":
        return this.#secrets.slice(1, 2);
      case "wrong":
        return this.#secrets.slice(0, 1).map(wrongSecret);
      case "none":
        return [];
    }
  }
}
