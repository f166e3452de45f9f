/** A map that forgets its oldest entry when it is full. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #capacity: number;
  readonly #onEvict: (value: Value) => void;

  constructor(capacity: number, onEvict: (value: Value) => void = () => {}) {
    this.#capacity = capacity;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return;
    for (const [oldest, evicted] of this.#entries) {
      this.#entries.delete(oldest);
      this.#onEvict(evicted);
      break;
    }
  }

  /** Forgets every entry, as if each had been the oldest. */
  clear(): void {
    for (const value of this.#entries.values()) this.#onEvict(value);
    this.#entries.clear();
  }
}

/** A list that forgets its oldest items when it is full. */
export class BoundedLog<Item> {
  #items: Item[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The newest items, oldest first. */
  get items(): readonly Item[] {
    return this.#items.slice(-this.#capacity);
  }

  add(item: Item): void {
    this.#items.push(item);
    // Cut rarely: moving the whole list for every item would cost more than the list is worth.
    if (this.#items.length >= 2 * this.#capacity) this.#items = this.#items.slice(-this.#capacity);
  }

  clear(): void {
    this.#items = [];
  }
}
