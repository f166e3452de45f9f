import type { TimerOwner, VirtualClock } from "./clock.ts";
import { parseFaults, parseScenario, type Scenario } from "./scenarios/scenario.ts";
import type { Outage } from "./schemas.ts";

/** How long a client is left without an answer, in milliseconds; no scale shortens it. */
const HANG_MS = 60_000;

/** What the control API has set for the requests to come. */
export class Director {
  outage: Outage | null = null;
  #next: string[] = [];
  readonly #clock: VirtualClock;
  /** Owns the timers of the requests that are left without an answer. */
  readonly #hanging: TimerOwner = { pendingTimers: 0 };

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get next(): readonly string[] {
    return this.#next;
  }

  /** Checks the values before it takes them, so that a mistake shows at once. */
  setNext(values: readonly string[]): void {
    for (const value of values) {
      if (value.startsWith(".")) parseFaults(value.slice(1));
      else parseScenario(value);
    }
    this.#next = [...values];
  }

  /** What the next request meets: its own choice, unless something else was set. */
  apply(choose: () => Scenario): Scenario {
    const set = this.#next.shift();
    if (set === undefined) return choose();
    if (!set.startsWith(".")) return parseScenario(set);
    const own = choose();
    return { ...own, faults: [...own.faults, ...parseFaults(set.slice(1))] };
  }

  /** Leaves a request without an answer for a minute, or until its client has gone. */
  async hang(signal: AbortSignal): Promise<void> {
    const gone = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => gone.resolve(), { once: true });
    await Promise.race([
      gone.promise,
      this.#clock.until(this.#clock.nowMs() + HANG_MS, this.#hanging),
    ]);
  }

  reset(): void {
    this.outage = null;
    this.#next = [];
    this.#clock.drop(this.#hanging);
  }
}
