import { bundleModule, compileSchemas } from "./compile.ts";
import { convert, definitions } from "./json-schema.ts";
import type { Contract, JsonObject, Operation, Parameter } from "./open-api.ts";
import { folderOf } from "./operations.ts";
import { banner, FUNCTIONS_GENERATED, type OutputFile } from "./output.ts";
import { SchemaPool } from "./schema-pool.ts";

const SOURCE = "openapi/";
const COERCED_TYPES = new Set(["integer", "number", "boolean", "array"]);

function typeOf(schema: JsonObject, contract: Contract): unknown {
  if (typeof schema.$ref !== "string") return schema.type;
  return contract.schemas[schema.$ref.split("/").at(-1) ?? ""]?.type;
}

function kindsOf(parameters: readonly Parameter[], contract: Contract): Record<string, unknown> {
  return Object.fromEntries(
    parameters
      .map(({ name, schema }) => [name, typeOf(schema, contract)] as const)
      .filter(([, type]) => typeof type === "string" && COERCED_TYPES.has(type)),
  );
}

function objectOf(parameters: readonly Parameter[], contract: Contract): JsonObject {
  const conversion = { schemas: contract.schemas, close: false };
  return {
    type: "object",
    additionalProperties: false,
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(
      parameters.map(({ name, schema }) => [name, convert(schema, conversion)]),
    ),
  };
}

/** The one schema of a body; media types that differ in nothing but their name share it. */
function bodySchema(operation: Operation, contract: Contract): JsonObject | null {
  const schemas = Object.values(operation.body?.content ?? {});
  const [first] = schemas;
  if (!first) return null;
  if (schemas.some((schema) => JSON.stringify(schema) !== JSON.stringify(first))) {
    throw new Error(`${operation.id}: all media types of a body must have the same schema.`);
  }
  return convert(first, { schemas: contract.schemas, close: false });
}

/** Collects the schemas of one function and the entry module that puts them together. */
function assemble(operations: readonly Operation[], contract: Contract) {
  const pool = new SchemaPool();
  const addObject = (operation: Operation, place: "path" | "query") => {
    const parameters = operation.parameters.filter((parameter) => parameter.in === place);
    const validator = pool.add(objectOf(parameters, contract));
    const kinds = kindsOf(parameters, contract);
    if (Object.keys(kinds).length === 0) return validator;
    return `coercing(${validator}, ${JSON.stringify(kinds)})`;
  };
  const rows = operations.map((operation) => {
    const body = bodySchema(operation, contract);
    const members = [
      `params: ${addObject(operation, "path")}`,
      `query: ${addObject(operation, "query")}`,
      `body: ${body ? pool.add(body) : "null"}`,
    ];
    return `  ${JSON.stringify(operation.id)}: { ${members.join(", ")} },`;
  });
  const entry = `import { coercing } from "coerce";
import * as schemas from "virtual:schemas";
export const validators = {
${rows.join("\n")}
};
`;
  return { schemas: pool.schemas, entry };
}

const TYPES = `${banner(SOURCE)}
import type { OperationId, PathParams, QueryParams, RequestBody } from "./contract.ts";

/** One fault of a value, as ajv reports it. */
export type ValidationFault = {
  /** JSON Pointer of the value inside what was validated; empty for the whole. */
  readonly instancePath: string;
  /** The rule: \`required\`, \`additionalProperties\`, \`type\`, \`format\`, \`pattern\`, … */
  readonly keyword: string;
  /** What belongs to the rule: \`missingProperty\`, \`additionalProperty\`, \`limit\`, … */
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
};

/** True for what the contract accepts; otherwise \`errors\` holds every fault until the next call. */
export type Validator<T> = {
  (data: unknown): data is T;
  readonly errors?: readonly ValidationFault[] | null;
};

/**
 * The validators of one operation. \`params\` and \`query\` take an object of strings (and arrays of
 * strings for repeated names) and turn numbers and booleans into what they are; all fill in defaults.
 */
export type OperationValidators<Id extends OperationId> = {
  readonly params: Validator<PathParams<Id>>;
  readonly query: Validator<QueryParams<Id>>;
  readonly body: [RequestBody<Id>] extends [never] ? null : Validator<RequestBody<Id>>;
};

/** The validators of one function, by operation id. */
export type GroupValidators<Id extends OperationId> = {
  readonly [Key in Id]: OperationValidators<Key>;
};
`;

function declaration(group: string): string {
  return `${banner(SOURCE)}
import type { OperationIdOf } from "../contract.ts";
import type { GroupValidators } from "../validator.ts";

/** Compiled request validators; loading them compiles nothing. */
export declare const validators: GroupValidators<OperationIdOf<"${group}">>;
`;
}

/**
 * One module of request validators per function, so that each process loads only its own. Headers
 * are left out: the boundary answers their faults with codes of their own.
 */
export async function generateRequestValidators(contract: Contract): Promise<OutputFile[]> {
  const shared = definitions({ schemas: contract.schemas, close: false });
  const groups = [...new Set(contract.operations.map(({ group }) => group))];
  const files = await Promise.all(
    groups.map(async (group): Promise<OutputFile[]> => {
      const operations = contract.operations.filter((operation) => operation.group === group);
      const { schemas, entry } = assemble(operations, contract);
      const folder = folderOf(group);
      const header = `// @ts-self-types="./${folder}.d.ts"\n${banner(SOURCE)}`;
      const path = `${FUNCTIONS_GENERATED}/validators/${folder}`;
      const modules = {
        "virtual:schemas": compileSchemas(schemas, shared, { fillDefaults: true }),
      };
      return [
        { path: `${path}.js`, content: await bundleModule(entry, modules, header) },
        { path: `${path}.d.ts`, content: declaration(group) },
      ];
    }),
  );
  return [{ path: `${FUNCTIONS_GENERATED}/validator.ts`, content: TYPES }, ...files.flat()];
}
