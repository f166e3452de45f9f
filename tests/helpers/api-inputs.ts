import { readFileSync } from "node:fs";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";

/** A schema of the contract, as far as attacks need it. */
type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
};

type Bundle = {
  readonly paths: Readonly<
    Record<
      string,
      Record<
        string,
        {
          operationId?: string;
          requestBody?: { content: Record<string, { schema: Schema }> };
        }
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const bundle: Bundle = JSON.parse(
  readFileSync(new URL("../../openapi/bundle.generated.json", import.meta.url), "utf8"),
);

function resolve(schema: Schema): Schema {
  if (schema.$ref) {
    return resolve(bundle.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  }
  const [first] = [...(schema.allOf ?? []), ...(schema.anyOf ?? [])];
  return first ? { ...resolve(first), ...schema } : schema;
}

/** The members that a body of an operation may have, from the contract. */
export function membersOf(id: OperationId): [string, Schema][] {
  for (const methods of Object.values(bundle.paths)) {
    for (const { operationId, requestBody } of Object.values(methods)) {
      if (operationId !== id) continue;
      const [content] = Object.values(requestBody?.content ?? {});
      const { properties = {} } = resolve(content?.schema ?? {});
      return Object.entries(properties).map(([name, schema]) => [name, resolve(schema)]);
    }
  }
  throw new Error(`${id} is not in the bundle.`);
}

/** A body that is wrong, what is wrong with it, and the code of the answer. */
export type Attack = {
  readonly what: string;
  /** The text of the body. */
  readonly raw: string;
  readonly code: string;
};

const json = JSON.stringify;

/** Characters that no text may hold, whatever they are hidden in. */
const FORBIDDEN = {
  NUL: "\u0000",
  "a bell": "\u0007",
  "an escape sequence": "\u001b[2J",
  "a line break": "\n",
  "a C1 control": "\u0085",
  "a line separator": "\u2028",
  "a right-to-left override": "\u202e",
  "a right-to-left embedding": "\u202b",
  "an isolate": "\u2066",
  "a byte order mark": "\ufeff",
} as const;

/** E-mail addresses that look like others, hide something, or are none. */
const HOSTILE_EMAILS: readonly string[] = [
  "\u0430da@example.com",
  "ada@ex\u0430mple.com",
  "ada\uff20example.com",
  "ada@example\u3002com",
  "ad\u200ba@example.com",
  "\u24d0da@example.com",
  "ada\u0301@example.com",
  "ada@example.com\u0000.evil.com",
  "Ada <ada@example.com>",
  "ada@example.com,eve@example.com",
  "ada@example.com;eve@example.com",
  "ada@example.com\r\nBcc: eve@example.com",
  "ada@[127.0.0.1]",
  '"ada"@example.com',
  '"ada@evil.com"@example.com',
  "ada@example..com",
  "ada@-example.com",
  ".ada@example.com",
  "ada..l@example.com",
  `${"a".repeat(65)}@example.com`,
  `a@${"a.".repeat(125)}com`,
  "ada@example",
  "ada@",
  "@example.com",
  "ada",
  "ada @example.com",
];

/** Dates on which nobody was born. */
function impossibleBirths(): string[] {
  const day = (offset: number) =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  return [day(0), day(1), day(400), "2099-12-31", "1899-12-31", "0000-00-00", "2001-02-29", "now"];
}

const isText = ({ type, enum: values }: Schema) => type === "string" && !values;

function wrongTypes(name: string, { type }: Schema): [string, string][] {
  const values: Readonly<Record<string, string>> = {
    string: json("text"),
    integer: "7",
    boolean: "true",
    array: "[]",
    object: "{}",
  };
  return Object.entries(values)
    .filter(([kind]) => kind !== type && !(type === "number" && kind === "integer"))
    .map(([kind, value]) => [`a ${kind} as ${name}`, value]);
}

function attacksOn(name: string, schema: Schema, put: (value: string) => string): Attack[] {
  const invalid = "validation_failed";
  const of = (what: string, value: string, code = invalid): Attack => ({
    what,
    raw: put(value),
    code,
  });
  const attacks = wrongTypes(name, schema).map(([what, value]) => of(what, value));
  attacks.push(of(`10 000 levels as ${name}`, `${"[".repeat(10_000)}${"]".repeat(10_000)}`));
  if (schema.type === "integer") {
    attacks.push(
      ...["1e400", "-1e400", "1.5", "9007199254740993"].map((n) => of(`${n} as ${name}`, n)),
    );
  }
  if (schema.enum) attacks.push(of(`another word as ${name}`, json("drop table")));
  if (!isText(schema)) return attacks;
  attacks.push(
    of(`half a character in ${name}`, '"a\\ud800b"'),
    of(`nothing but spaces as ${name}`, json("   ")),
    of(
      `more than ${schema.maxLength} characters as ${name}`,
      json("x".repeat((schema.maxLength ?? 1000) + 1)),
    ),
    ...Object.entries(FORBIDDEN).map(([what, text]) => of(`${what} in ${name}`, json(`a${text}b`))),
  );
  if (schema.format === "email") {
    attacks.push(...HOSTILE_EMAILS.map((email) => of(`${json(email)} as ${name}`, json(email))));
  }
  if (name === "date_of_birth") {
    attacks.push(...impossibleBirths().map((date) => of(`${date} as ${name}`, json(date))));
  }
  return attacks;
}

/**
 * Everything bad that can be said in the place of a good body, derived from the contract: each member
 * of a wrong type, too long, with characters that no text may hold; members twice, members that the
 * contract does not have, and nesting without an end.
 */
export function attacksFor(id: OperationId, good: Readonly<Record<string, unknown>>): Attack[] {
  const attacks: Attack[] = [];
  for (const [name, schema] of membersOf(id)) {
    const others = Object.entries(good).filter(([other]) => other !== name);
    const put = (value: string) =>
      `{${[...others.map(([other, kept]) => `${json(other)}:${json(kept)}`), `${json(name)}:${value}`].join(",")}}`;
    attacks.push(...attacksOn(name, schema, put));
    attacks.push({
      what: `${name} twice`,
      raw: `${put(json(good[name] ?? null)).slice(0, -1)},${json(name)}:${json(good[name] ?? null)}}`,
      code: "validation_failed",
    });
  }
  const members = json(good).slice(1, -1);
  const more = (name: string, value: string) =>
    `{${[members, `${json(name)}:${value}`].join(",")}}`;
  for (const name of [
    "is_admin",
    "roles",
    "__proto__",
    "constructor",
    "toString",
    "",
    "a".repeat(5_000),
  ]) {
    attacks.push({
      what: `the unknown member ${name.slice(0, 20)}`,
      raw: more(name, json("x")),
      code: "validation_failed",
    });
  }
  attacks.push(
    {
      what: "10 000 levels",
      raw: `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
      code: "validation_failed",
    },
    { what: "10 000 levels that never end", raw: '{"a":'.repeat(10_000), code: "malformed_json" },
    {
      what: "10 000 members",
      raw: `{${Array.from({ length: 6_000 }, (_, i) => `"m${i}":1`).join(",")}}`,
      code: "validation_failed",
    },
  );
  return attacks;
}

/** Operations of a group that take a body. */
export const bodyTakers = (matches: (id: OperationId) => boolean): OperationId[] =>
  Object.values(operations)
    .filter(({ requestMediaTypes }) => requestMediaTypes.length > 0)
    .map(({ id }) => id)
    .filter(matches);
