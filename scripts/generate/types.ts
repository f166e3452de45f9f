import openapiTS, { astToString } from "openapi-typescript";
import { banner, FUNCTIONS_GENERATED, type OutputFile } from "./output.ts";

const NOTE = `// Requests are typed as they are after validation: what has a default is always there.
`;

const HELPERS = `
/** The id of an operation: \`users.getMe\`. */
export type OperationId = keyof operations;

/** The ids of one group: \`OperationIdOf<"users">\`. */
export type OperationIdOf<Group extends string> = Extract<OperationId, \`\${Group}.\${string}\`>;

type JsonOf<Content> = Content[keyof Content];
type NoMembers = Record<string, never>;

/** The path parameters of an operation. */
export type PathParams<Id extends OperationId> = operations[Id]["parameters"] extends {
  path: infer Path;
}
  ? Path
  : NoMembers;

/** The query parameters of an operation. */
export type QueryParams<Id extends OperationId> = [
  NonNullable<operations[Id]["parameters"]["query"]>,
] extends [never]
  ? NoMembers
  : NonNullable<operations[Id]["parameters"]["query"]>;

/** The request body of an operation, \`never\` where it takes none. */
export type RequestBody<Id extends OperationId> =
  NonNullable<operations[Id]["requestBody"]> extends { content: infer Content }
    ? JsonOf<Content>
    : never;

/** The statuses of an operation's success. */
export type SuccessStatus<Id extends OperationId> = Extract<
  keyof operations[Id]["responses"],
  200 | 201 | 202 | 204 | 207
>;

/** The body of one response, \`null\` where it has none. */
export type ResponseBody<
  Id extends OperationId,
  Status extends keyof operations[Id]["responses"],
> = operations[Id]["responses"][Status] extends { content: infer Content }
  ? [JsonOf<NonNullable<Content>>] extends [never]
    ? null
    : JsonOf<Content>
  : null;

/** A success of an operation: each status with its body. */
export type Success<Id extends OperationId> = {
  [Status in SuccessStatus<Id>]: {
    readonly status: Status;
    readonly body: ResponseBody<Id, Status>;
  };
}[SuccessStatus<Id>];
`;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The document as a handler sees it. Parameters with a default are always there, because the
 * validators fill it in; whole examples of bodies would only make the file three times as long.
 */
function asValidated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asValidated);
  if (!isObject(value)) return value;
  const { example, ...rest } = value;
  const isMedia = isObject(rest.schema) && rest.in === undefined && rest.name === undefined;
  const hasDefault = isObject(rest.schema) && rest.schema.default !== undefined;
  return Object.fromEntries([
    ...Object.entries(rest).map(([key, member]) => [key, asValidated(member)]),
    ...(example === undefined || isMedia || isObject(example) ? [] : [["example", example]]),
    ...(hasDefault && rest.in !== undefined ? [["required", true]] : []),
  ]);
}

/** The contract as TypeScript: paths, operations, every shared schema by its name, and helpers. */
export async function generateTypes(bundle: Record<string, unknown>): Promise<OutputFile> {
  const nodes = await openapiTS(JSON.stringify(asValidated(bundle)), {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    silent: true,
  });
  return {
    path: `${FUNCTIONS_GENERATED}/contract.ts`,
    content: `${banner("openapi/")}${NOTE}\n${astToString(nodes)}${HELPERS}`,
  };
}
