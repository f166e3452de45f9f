import type { JsonObject } from "./open-api.ts";

/** Gives equal schemas one name, so that each is compiled once. */
export class SchemaPool {
  readonly schemas: Record<string, JsonObject> = {};
  readonly #names = new Map<string, string>();

  /** Adds a schema; the answer is the expression that stands for its validator. */
  add(schema: JsonObject): string {
    const text = JSON.stringify(schema);
    const name = this.#names.get(text) ?? `v${this.#names.size}`;
    this.#names.set(text, name);
    this.schemas[name] = schema;
    return `schemas.${name}`;
  }
}
