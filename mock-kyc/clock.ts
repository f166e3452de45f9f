/** Whose timers they are, so that they can be dropped together. */
export interface TimerOwner {
  /** Kept by the clock: how many timers of this owner wait. */
  pendingTimers: number;
}

interface Timer {
  readonly dueMs: number;
  readonly owner: TimerOwner;
  readonly resolve: (due: boolean) => void;
}

/** `setTimeout` takes no longer delay. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * The clock on which delays and retries run. It follows real time until it is paused or moved
 * forward, and it never goes back but by `reset`.
 */
export class VirtualClock {
  /** What `scaled` multiplies with. */
  timeScale: number;
  #offsetMs = 0;
  #pausedAtMs: number | null = null;
  #timers: Timer[] = [];
  #alarm: NodeJS.Timeout | undefined;
  #advancing: Promise<void> = Promise.resolve();

  constructor(timeScale: number) {
    this.timeScale = timeScale;
  }

  get paused(): boolean {
    return this.#pausedAtMs !== null;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Unix time on this clock, in milliseconds. */
  nowMs(): number {
    return this.#pausedAtMs ?? Date.now() + this.#offsetMs;
  }

  /** The time on this clock as ISO 8601 with milliseconds. */
  nowIso(): string {
    return new Date(this.nowMs()).toISOString();
  }

  /** A delay of the scenario table in milliseconds of this clock. */
  scaled(delayMs: number): number {
    return Math.round(delayMs * this.timeScale);
  }

  /** Resolves with true when the time has come, with false when the owner's timers are dropped. */
  until(dueMs: number, owner: TimerOwner): Promise<boolean> {
    if (dueMs <= this.nowMs()) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#timers.splice(this.#placeFor(dueMs), 0, { dueMs, owner, resolve });
      owner.pendingTimers += 1;
      this.#setAlarm();
    });
  }

  /** Gives up what an owner waits for. */
  drop(owner: TimerOwner): void {
    if (owner.pendingTimers === 0) return;
    const dropped = this.#timers.filter((timer) => timer.owner === owner);
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
    this.#finish(dropped, false);
    this.#setAlarm();
  }

  pause(): void {
    this.#pausedAtMs = this.nowMs();
    this.#setAlarm();
  }

  resume(): void {
    if (this.#pausedAtMs === null) return;
    this.#offsetMs = this.#pausedAtMs - Date.now();
    this.#pausedAtMs = null;
    this.#setAlarm();
  }

  /**
   * Moves forward from timer to timer, so that each fires at its own time.
   *
   * @param settled Waits for what is under way, which may set new timers.
   */
  advance(ms: number, settled: () => Promise<void>): Promise<void> {
    const walk = async () => {
      await settled();
      const targetMs = this.nowMs() + ms;
      for (;;) {
        const next = this.#timers[0];
        if (!next || next.dueMs > targetMs) break;
        this.#jumpTo(next.dueMs);
        this.#fireDue();
        await settled();
      }
      this.#jumpTo(targetMs);
      this.#setAlarm();
    };
    this.#advancing = this.#advancing.then(walk);
    return this.#advancing;
  }

  /** Back to real time, with nothing waiting. */
  reset(): void {
    const dropped = this.#timers;
    this.#timers = [];
    this.#offsetMs = 0;
    this.#pausedAtMs = null;
    this.#finish(dropped, false);
    this.#setAlarm();
  }

  #placeFor(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const timer = this.#timers[middle];
      if (timer && timer.dueMs <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #jumpTo(targetMs: number): void {
    const stepMs = Math.max(0, targetMs - this.nowMs());
    if (this.#pausedAtMs === null) this.#offsetMs += stepMs;
    else this.#pausedAtMs += stepMs;
  }

  #fireDue(): void {
    const due = this.#timers.splice(0, this.#placeFor(this.nowMs()));
    this.#finish(due, true);
  }

  #finish(timers: readonly Timer[], due: boolean): void {
    for (const timer of timers) {
      timer.owner.pendingTimers -= 1;
      timer.resolve(due);
    }
  }

  #setAlarm(): void {
    clearTimeout(this.#alarm);
    const next = this.#timers[0];
    if (!next || this.paused) return;
    const delayMs = Math.min(Math.max(0, next.dueMs - this.nowMs()), MAX_TIMEOUT_MS);
    this.#alarm = setTimeout(() => {
      this.#fireDue();
      this.#setAlarm();
    }, delayMs);
  }
}
