import { at, copyOfBundle, isObject, type Json } from "./bundle.ts";

/** A schema and where it stands, for messages. */
export type Place = { readonly path: string; readonly schema: Json };

const bundle = copyOfBundle();

/** The shared schemas of the bundle by name. */
export const schemas = at(bundle, "components", "schemas");

function nameOf(schema: Json): string | null {
  return typeof schema.$ref === "string" ? (schema.$ref.split("/").at(-1) ?? null) : null;
}

/** What a reference leads to; the schema itself where it is none. */
export function resolve(schema: Json): Json {
  const name = nameOf(schema);
  return name === null ? schema : resolve(at(schemas, name));
}

function children(schema: Json): [string, unknown][] {
  const lists = ["allOf", "anyOf", "oneOf"].flatMap((key) =>
    Array.isArray(schema[key])
      ? schema[key].map((entry, i): [string, unknown] => [`${key}/${i}`, entry])
      : [],
  );
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return [...properties, ...lists, ["items", schema.items], ["*", schema.additionalProperties]];
}

/** A schema and everything below it, references followed once. */
export function* walk(schema: Json, path: string, seen = new Set<string>()): Generator<Place> {
  const name = nameOf(schema);
  if (name !== null) {
    if (seen.has(name)) return;
    seen.add(name);
    yield* walk(at(schemas, name), name, seen);
    return;
  }
  yield { path, schema };
  for (const [key, child] of children(schema)) {
    if (isObject(child)) yield* walk(child, `${path}.${key}`, seen);
  }
}

/** Every operation of the bundle with its path and method. */
export const operations = Object.entries(at(bundle, "paths")).flatMap(([path, methods]) =>
  isObject(methods)
    ? Object.entries(methods).flatMap(([method, operation]) =>
        isObject(operation) ? [{ path, method, operation, id: String(operation.operationId) }] : [],
      )
    : [],
);

/** The schemas of all request bodies, with everything below them. */
export function requestPlaces(): Place[] {
  return operations.flatMap(({ operation, id }) => {
    if (!isObject(operation.requestBody)) return [];
    const content = at(operation, "requestBody", "content");
    return Object.values(content).flatMap((media) =>
      isObject(media) ? [...walk(at(media, "schema"), id)] : [],
    );
  });
}

/** The schemas of all parameters, with everything below them. */
export function parameterPlaces(): Place[] {
  const shared = at(bundle, "components", "parameters");
  const inline = operations.flatMap(({ operation, id }) =>
    (Array.isArray(operation.parameters) ? operation.parameters : [])
      .filter((entry) => isObject(entry) && entry.$ref === undefined)
      .map((entry): [string, unknown] => [`${id} ${entry.name}`, entry]),
  );
  return [...Object.entries(shared), ...inline].flatMap(([name, parameter]) =>
    isObject(parameter) ? [...walk(at(parameter, "schema"), name)] : [],
  );
}
