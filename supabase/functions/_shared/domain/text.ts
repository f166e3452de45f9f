import type { FieldError } from "../errors.ts";
import { jsonPointer } from "./pointer.ts";

/**
 * Characters that no text of ours may hold: control characters, line and paragraph separators, the
 * bidirectional overrides that make a name read differently from what is stored, and the byte order
 * mark. Lone surrogates are no characters at all, and Postgres would refuse them. Line breaks and tabs
 * are left to the contract: its patterns let them into notes and into nothing else.
 */
const FORBIDDEN = /(?![\t\n])[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\ufeff]/u;

type Path = readonly (string | number)[];

/**
 * Brings every string of a JSON value to Unicode NFC without outer white space and with one kind of
 * line break, so that equal texts are stored as equal, and collects the strings that hold forbidden characters.
 *
 * @param value the outcome of `JSON.parse`, nested no deeper than the caller's limit
 * @returns the normalised copy, and one fault for each refused string
 * @example normaliseText({ first_name: " Ana\u0303 " }); // { value: { first_name: "Anã" }, faults: [] }
 */
export function normaliseText(value: unknown): { value: unknown; faults: FieldError[] } {
  const faults: FieldError[] = [];
  return { value: normalise(value, [], faults), faults };
}

function normalise(value: unknown, path: Path, faults: FieldError[]): unknown {
  if (typeof value === "string") return normaliseString(value, path, faults);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => normalise(item, [...path, index], faults));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]: [string, unknown]) => [
        name,
        normalise(member, [...path, name], faults),
      ]),
    );
  }
  return value;
}

function normaliseString(value: string, path: Path, faults: FieldError[]): string {
  const text = value.normalize("NFC").replace(/\r+\n/g, "\n").trim();
  if (FORBIDDEN.test(text)) {
    faults.push({
      pointer: jsonPointer(path),
      code: "forbidden_character",
      detail: "This text holds control characters, directional overrides or half a character.",
    });
  }
  return text;
}
