import { z } from "zod";

// What the generators read of an OpenAPI 3.0.3 document. Parsing it here lets the rest go without casts.
const looseObject = z.record(z.string(), z.unknown());
const reference = z.object({ $ref: z.string() });
const media = z.object({ schema: looseObject.optional() });
const content = z.record(z.string(), media);

const parameter = z.object({
  name: z.string(),
  in: z.enum(["query", "path", "header"]),
  required: z.boolean().default(false),
  schema: looseObject,
});
const header = z.object({ required: z.boolean().default(false), schema: looseObject });
const response = z.object({
  headers: z.record(z.string(), z.union([reference, header])).default({}),
  content: content.default({}),
});
const operation = z.object({
  operationId: z.string().regex(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(z.union([reference, parameter])).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(z.string(), z.union([reference, response])),
  "x-roles": z.array(z.string()).default([]),
  "x-scopes": z.array(z.string()).default([]),
  "x-mfa": z.literal("staff").optional(),
  "x-max-body-bytes": z.number().int().positive().optional(),
});
const document = z.object({
  info: z.object({ version: z.string() }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({
    schemas: z.record(z.string(), looseObject),
    parameters: z.record(z.string(), parameter).default({}),
    headers: z.record(z.string(), header).default({}),
    responses: z.record(z.string(), response).default({}),
  }),
});

export type JsonObject = z.infer<typeof looseObject>;
export type Parameter = z.infer<typeof parameter>;
export type Header = z.infer<typeof header>;
type Document = z.infer<typeof document>;

/** A response with its references followed. */
export interface Response {
  readonly headers: Readonly<Record<string, Header>>;
  readonly content: Readonly<Record<string, JsonObject | undefined>>;
}

/** An operation with its references followed, except those between schemas. */
export interface Operation {
  readonly id: string;
  /** The first part of the id: `kycWebhook` of `kycWebhook.receiveEvent`. */
  readonly group: string;
  readonly method: string;
  /** As in the contract: `/kyc/verifications/{verification_id}`. */
  readonly path: string;
  readonly security: readonly string[];
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Whether staff needs a second factor. */
  readonly mfa: "staff" | "none";
  readonly maxBodyBytes: number;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly required: boolean; readonly content: Response["content"] } | null;
  readonly responses: Readonly<Record<string, Response>>;
}

/** The contract as the generators read it. */
export interface Contract {
  readonly version: string;
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, JsonObject>>;
  readonly sharedResponses: Readonly<Record<string, Response>>;
}

const DEFAULT_MAX_BODY_BYTES = 64 * 1024;

function isReference(value: object): value is z.infer<typeof reference> {
  return "$ref" in value;
}

function follow<T extends object>(
  pool: Readonly<Record<string, T>>,
  value: T | z.infer<typeof reference>,
): T {
  if (!isReference(value)) return value;
  const found = pool[value.$ref.split("/").at(-1) ?? ""];
  if (found === undefined) throw new Error(`The contract has no ${value.$ref}.`);
  return found;
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T) => U) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}

function toResponse(
  source: z.infer<typeof response>,
  components: Document["components"],
): Response {
  return {
    headers: mapValues(source.headers, (entry) => follow(components.headers, entry)),
    content: mapValues(source.content, (entry) => entry.schema),
  };
}

/** Parses a bundled document. @throws ZodError where it is not what the generators can read */
export function readContract(source: unknown): Contract {
  const { info, paths, components, security } = document.parse(source);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, entry]): Operation => ({
        id: entry.operationId,
        group: entry.operationId.split(".")[0] ?? "",
        method: method.toUpperCase(),
        path,
        security: (entry.security ?? security).flatMap((requirement) => Object.keys(requirement)),
        roles: entry["x-roles"],
        scopes: entry["x-scopes"],
        mfa: entry["x-mfa"] ?? "none",
        maxBodyBytes: entry["x-max-body-bytes"] ?? DEFAULT_MAX_BODY_BYTES,
        parameters: entry.parameters.map((item) => follow(components.parameters, item)),
        body: entry.requestBody
          ? {
              required: entry.requestBody.required,
              content: mapValues(entry.requestBody.content, (item) => item.schema),
            }
          : null,
        responses: mapValues(entry.responses, (item) =>
          toResponse(follow(components.responses, item), components),
        ),
      }),
    ),
  );
  return {
    version: info.version,
    operations,
    schemas: components.schemas,
    sharedResponses: mapValues(components.responses, (item) => toResponse(item, components)),
  };
}
