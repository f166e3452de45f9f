import { expect, test } from "vitest";
import { at, contract, copyOfBundle, isObject, type Json } from "./lib/bundle.ts";
import { operations, parameterPlaces, requestPlaces, resolve, schemas, walk } from "./lib/walk.ts";

const isDescribed = (schema: Json) =>
  [schema, resolve(schema)].some((entry) => typeof entry.description === "string");
/** An object may show its example as a whole or member by member. */
const hasExample = (schema: Json) =>
  [schema, resolve(schema)].some((entry) => "example" in entry || isObject(entry.properties));

test("every shared schema and every member of one has a description and an example", () => {
  const faults = Object.entries(schemas).flatMap(([name, schema]) => {
    if (!isObject(schema)) return [name];
    const places = [...walk(schema, name)].flatMap(({ path, schema: place }) =>
      Object.entries(isObject(place.properties) ? place.properties : {}).map(
        ([key, member]): [string, unknown] => [`${path}.${key}`, member],
      ),
    );
    return (
      [[name, schema] as const, ...places]
        .filter(([, entry]) => !isObject(entry) || !isDescribed(entry) || !hasExample(entry))
        .map(([path]) => path)
        // `null` needs no example.
        .filter((path) => path !== "NullValue")
    );
  });
  expect([...new Set(faults)]).toEqual([]);
});

test.each(["parameters", "headers"])("all shared %s have a description and an example", (kind) => {
  const shared = Object.entries(at(copyOfBundle(), "components", kind));
  expect(shared.length).toBeGreaterThan(5);
  for (const [name, entry] of shared) {
    expect(entry, name).toMatchObject({ description: expect.any(String) });
    expect(isObject(entry) && "example" in entry, name).toBe(true);
  }
});

test("parameters that one operation alone has are described with an example too", () => {
  for (const { operation, id } of operations) {
    const list = Array.isArray(operation.parameters) ? operation.parameters : [];
    for (const entry of list.filter((item) => isObject(item) && item.$ref === undefined)) {
      expect(entry, `${id} ${entry.name}`).toMatchObject({ description: expect.any(String) });
      expect("example" in entry, `${id} ${entry.name}`).toBe(true);
    }
  }
});

test("every request body shows an example", () => {
  for (const { operation, id } of operations) {
    if (!isObject(operation.requestBody)) continue;
    for (const media of Object.values(at(operation, "requestBody", "content"))) {
      const shown =
        isObject(media) && ("example" in media || "example" in resolve(at(media, "schema")));
      expect(shown, id).toBe(true);
    }
  }
});

test("the walk over the contract reaches it all", () => {
  expect(operations.length).toBe(contract.operations.length);
  expect(requestPlaces().length).toBeGreaterThan(150);
  expect(parameterPlaces().length).toBeGreaterThan(50);
});

test("request objects say that they refuse unknown members", () => {
  const open = requestPlaces()
    .filter(({ schema }) => schema.type === "object" && schema.additionalProperties !== false)
    .map(({ path }) => path);
  // What a provider sends is in its own format; its adapter checks it.
  expect(open).toEqual(["ProviderEvent"]);
});

test("texts, lists and numbers of requests have limits", () => {
  const faults = [...requestPlaces(), ...parameterPlaces()].filter(({ schema }) => {
    if (schema.enum !== undefined) return false;
    if (schema.type === "string") return schema.maxLength === undefined;
    if (schema.type === "array") return schema.maxItems === undefined;
    if (schema.type === "integer" || schema.type === "number") return schema.minimum === undefined;
    return false;
  });
  expect(faults.map(({ path }) => path)).toEqual([]);
});

test("texts of requests refuse control characters", () => {
  const faults = requestPlaces().filter(
    ({ schema }) =>
      schema.type === "string" &&
      schema.enum === undefined &&
      // These formats leave no room for them.
      !["uuid", "date", "date-time", "email", "uri"].includes(String(schema.format)) &&
      (typeof schema.pattern !== "string" || new RegExp(schema.pattern, "u").test("a\u0000b")),
  );
  expect(faults.map(({ path }) => path)).toEqual([]);
});

test("no pattern backtracks for long on long input", () => {
  const patterns = new Set(
    [...requestPlaces(), ...parameterPlaces()].flatMap(({ schema }) =>
      typeof schema.pattern === "string" ? [schema.pattern] : [],
    ),
  );
  expect(patterns.size).toBeGreaterThan(5);
  const inputs = ["a", "0", " ", "-", "a ", "0-", "A.", "é"].map(
    (part) => `${part.repeat(50_000)}\u0000`,
  );
  for (const pattern of patterns) {
    const expression = new RegExp(pattern, "u");
    const started = performance.now();
    for (const input of inputs) expression.test(input);
    expect(performance.now() - started, pattern).toBeLessThan(500);
  }
});

test("the errors of an operation follow from what it takes", () => {
  for (const { id, parameters, body, security, responses } of contract.operations) {
    const has = (name: string) => parameters.some((entry) => entry.name === name);
    const expected = [
      "400",
      "406",
      "500",
      "default",
      ...(security.length > 0 ? ["401"] : []),
      ...(security.includes("userToken") ? ["403"] : []),
      ...(has("Idempotency-Key") ? ["409", "422"] : []),
      ...(has("If-Match") ? ["412", "428"] : []),
      ...(body ? ["413", "415"] : []),
      ...(parameters.some((entry) => entry.in === "path") ? ["404"] : []),
    ];
    expect(Object.keys(responses), id).toEqual(expect.arrayContaining(expected));
    expect(
      Object.keys(responses).filter((status) => status.startsWith("2")),
      id,
    ).not.toEqual([]);
  }
});

test("an answer that can be replayed says so, and one that can be written over has an ETag", () => {
  for (const { id, method, parameters, responses } of contract.operations) {
    const has = (name: string) => parameters.some((entry) => entry.name === name);
    const successes = Object.entries(responses).filter(([status]) => status.startsWith("2"));
    for (const [status, { headers }] of successes) {
      if (has("Idempotency-Key")) expect(headers, id).toHaveProperty("Idempotent-Replayed");
      if (has("If-Match") && method !== "DELETE" && status === "200") {
        expect(headers, id).toHaveProperty("ETag");
      }
      expect(headers, id).toHaveProperty("X-Request-Id");
      expect(headers, id).toHaveProperty("Cache-Control");
    }
  }
});

test("a line break gets into notes, and into no other text of a request", () => {
  const takes = ({ schema }: { schema: Json }) =>
    schema.type === "string" &&
    schema.enum === undefined &&
    // A format has letters of its own.
    schema.format === undefined &&
    new RegExp(String(schema.pattern ?? ""), "u").test("one\nother");
  const names = requestPlaces()
    .filter(takes)
    .map(({ path }) => path);
  expect([...new Set(names)]).toEqual(["AdminNoteText"]);
});
