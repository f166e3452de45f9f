/**
 * How Postgres' text becomes JSON: PostgREST lets Postgres itself write JSON, so timestamps are
 * ISO 8601 and numbers are numbers; the driver's own parsers differ.
 */
interface TextType {
  readonly to: number;
  readonly from: number[];
  readonly serialize: (value: unknown) => string;
  readonly parse: (text: string) => unknown;
}

const asText = (oid: number, parse: (text: string) => unknown): TextType => ({
  to: oid,
  from: [oid],
  serialize: String,
  parse,
});

/** `2026-11-20 09:21:07.5+00` → `2026-11-20T09:21:07.5+00:00`, as to_json writes it. */
function isoTimestamp(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
}

/** JSON has one number type; `NaN` and the infinities have no place in it and stay text. */
function jsonNumber(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

export const JSON_TYPES = {
  timestamp: asText(1114, isoTimestamp),
  timestamptz: asText(1184, isoTimestamp),
  numeric: asText(1700, jsonNumber),
} satisfies Record<string, TextType>;
