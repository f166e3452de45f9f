import type { JsonObject } from "./open-api.ts";

const ANNOTATIONS = new Set([
  "description",
  "example",
  "title",
  "deprecated",
  "readOnly",
  "writeOnly",
]);
const SCHEMA_MAPS = new Set(["properties"]);
const SCHEMA_LISTS = new Set(["anyOf", "oneOf"]);
const UNSUPPORTED = ["discriminator", "xml", "not", "patternProperties"];

/** How the schemas of a document become JSON Schema. */
export interface Conversion {
  readonly schemas: Readonly<Record<string, JsonObject>>;
  /** Refuse members that a schema does not name, also where it stays silent about them. */
  readonly close: boolean;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(reference: unknown): string {
  return String(reference).replace("#/components/schemas/", "");
}

function resolve(schema: JsonObject, conversion: Conversion): JsonObject {
  if (typeof schema.$ref !== "string") return schema;
  const target = conversion.schemas[nameOf(schema.$ref)];
  if (!target) throw new Error(`The contract has no schema ${schema.$ref}.`);
  return target;
}

/** `null` as an alternative, said with `type` instead of `anyOf`, so that a fault is reported once. */
function nullable(schema: JsonObject): JsonObject {
  const { type, enum: values, ...rest } = schema;
  if (typeof type !== "string") throw new Error("Only a schema with one type can be nullable.");
  const withNull = Array.isArray(values) && !values.includes(null) ? [...values, null] : values;
  return { ...rest, type: [type, "null"], ...(withNull === undefined ? {} : { enum: withNull }) };
}

function isNullOnly(schema: JsonObject): boolean {
  return Array.isArray(schema.enum) && schema.enum.length === 1 && schema.enum[0] === null;
}

/** The other half of `anyOf: [X, null]`, or nothing. */
function nullableHalf(schema: JsonObject, conversion: Conversion): JsonObject | null {
  const branches = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [];
  if (branches.length !== 2) return null;
  const others = branches.filter((branch) => !isNullOnly(resolve(branch, conversion)));
  return others.length === 1 ? (others[0] ?? null) : null;
}

/** A reference to a shared schema, or to its twin that accepts `null` too. */
function referenceTo(source: unknown, twin: "" | ".nullable" = ""): JsonObject {
  return { $ref: `contract#/definitions/${nameOf(source)}${twin}` };
}

/** `allOf` with one member only adds a description to a reference; anything else is refused. */
function singleOfAll(schema: JsonObject): JsonObject | null {
  if (schema.allOf === undefined) return null;
  const [only, ...others] = Array.isArray(schema.allOf) ? schema.allOf : [];
  const siblings = Object.keys(schema).filter((key) => !ANNOTATIONS.has(key) && key !== "allOf");
  if (!isObject(only) || others.length > 0 || siblings.length > 0) {
    throw new Error("allOf may only wrap one reference, to describe it: write the schema flat.");
  }
  return only;
}

function convertMember(key: string, value: unknown, conversion: Conversion): unknown {
  if (SCHEMA_MAPS.has(key) && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, convert(member, conversion)]),
    );
  }
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) {
    return value.map((branch) => convert(branch, conversion));
  }
  if ((key === "items" || key === "additionalProperties") && isObject(value)) {
    return convert(value, conversion);
  }
  return value;
}

/**
 * An OpenAPI 3.0 schema as JSON Schema draft 7 without annotations; references lead into
 * `contract#/definitions`.
 */
export function convert(source: unknown, conversion: Conversion): JsonObject {
  if (!isObject(source)) throw new Error("A schema must be an object.");
  const unsupported = UNSUPPORTED.find((key) => key in source);
  if (unsupported) throw new Error(`The generators do not know "${unsupported}" in a schema.`);
  if (source.$ref !== undefined) return referenceTo(source.$ref);
  const single = singleOfAll(source);
  if (single) return convert(single, conversion);
  const half = nullableHalf(source, conversion);
  if (half?.$ref !== undefined) return referenceTo(half.$ref, ".nullable");
  if (half) return nullable(convert(half, conversion));

  const { nullable: isNullable, ...members } = source;
  const converted: JsonObject = {};
  for (const [key, value] of Object.entries(members)) {
    if (ANNOTATIONS.has(key) || key.startsWith("x-")) continue;
    converted[key] = convertMember(key, value, conversion);
  }
  if (conversion.close && converted.properties && converted.additionalProperties === undefined) {
    converted.additionalProperties = false;
  }
  return isNullable === true ? nullable(converted) : converted;
}

/**
 * All shared schemas, each with its nullable twin, to be added to a compiler under the id
 * `contract`. Only what is referred to gets compiled.
 */
export function definitions(conversion: Conversion): JsonObject {
  const entries = Object.entries(conversion.schemas).flatMap(([name, schema]) => {
    const converted = convert(schema, conversion);
    const twin =
      typeof converted.type === "string" ? [[`${name}.nullable`, nullable(converted)]] : [];
    return [[name, converted], ...twin];
  });
  return { $id: "contract", definitions: Object.fromEntries(entries) };
}
