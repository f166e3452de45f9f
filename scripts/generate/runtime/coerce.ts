// Query and path values arrive as text. What the contract calls a number or a boolean is read here,
// by rules stricter than JavaScript's: `0x10`, ` 5` and `1e2` are no integers.
type Kind = "integer" | "number" | "boolean" | "array";
type Validate = { (data: unknown): boolean; errors?: unknown };

const INTEGER = /^-?(?:0|[1-9]\d{0,15})$/;
const NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/;

function read(kind: Kind, value: unknown): unknown {
  if (kind === "array") return typeof value === "string" ? [value] : value;
  if (typeof value !== "string") return value;
  if (kind === "boolean") return value === "true" ? true : value === "false" ? false : value;
  return (kind === "integer" ? INTEGER : NUMBER).test(value) ? Number(value) : value;
}

/** A validator that reads the named members as their kinds first; it changes the object it is given. */
export function coercing(validate: Validate, kinds: Readonly<Record<string, Kind>>): Validate {
  const coerced: Validate = (data) => {
    if (typeof data === "object" && data !== null) {
      for (const [name, kind] of Object.entries(kinds)) {
        const value: unknown = Reflect.get(data, name);
        if (value !== undefined) Reflect.set(data, name, read(kind, value));
      }
    }
    const valid = validate(data);
    coerced.errors = validate.errors;
    return valid;
  };
  return coerced;
}
