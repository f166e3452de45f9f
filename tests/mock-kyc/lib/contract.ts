import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { z } from "zod";
import { runRedocly } from "../../../scripts/contract/redocly.ts";

const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const Operation = z.object({
  operationId: z.string(),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
  callbacks: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

/** The provider's contract, ready to check what goes over the wire. */
export interface Contract {
  /** Every documented pair, as `operationId status`. */
  readonly pairs: ReadonlySet<string>;
  /** The pairs that were checked so far. */
  readonly seen: Set<string>;
  /** What is wrong with an answer; empty when it is as documented. */
  faults(method: string, path: string, response: Response, body: string): string[];
  /** What is wrong with the body of an event. */
  eventFaults(body: string): string[];
}

async function bundle() {
  const directory = await mkdtemp(join(tmpdir(), "kyc-provider-"));
  try {
    const file = join(directory, "openapi.json");
    const { code, output } = await runRedocly([
      "bundle",
      "--dereferenced",
      "openapi/kyc-provider/openapi.yaml",
      "-o",
      file,
    ]);
    if (code !== 0) throw new Error(output);
    return Document.parse(JSON.parse(await readFile(file, "utf8")));
  } finally {
    await rm(directory, { recursive: true });
  }
}

const pattern = (path: string) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);

/** Reads the contract and compiles its schemas. */
export async function loadContract(): Promise<Contract> {
  const document = await bundle();
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const validators = new Map<object, ValidateFunction>();
  const check = (schema: Record<string, unknown>, value: unknown): string[] => {
    const validate = validators.get(schema) ?? ajv.compile(schema);
    validators.set(schema, validate);
    validate(value);
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      matches: pattern(path),
      operation,
    })),
  );
  const pairs = new Set(
    operations.flatMap(({ operation }) =>
      Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
    ),
  );
  const seen = new Set<string>();
  const create = operations.find(({ operation }) => operation.callbacks)?.operation;
  const [callback] = Object.values(create?.callbacks?.event ?? {});
  const sent = z.object({ post: Operation }).parse(callback).post;
  const eventSchema = sent.requestBody?.content["application/json"]?.schema ?? {};

  return {
    pairs,
    seen,
    faults(method, path, response, body) {
      const { pathname } = new URL(path, "http://mock-kyc");
      const found = operations.find((one) => one.method === method && one.matches.test(pathname));
      if (!found) return [`${method} ${pathname} is not in the contract`];
      const { operationId, responses } = found.operation;
      const documented = responses[String(response.status)];
      const pair = `${operationId} ${response.status}`;
      if (!documented) return [`${pair} is not in the contract`];
      seen.add(pair);
      const type = response.headers.get("content-type")?.split(";")[0] ?? "";
      const schema = documented.content?.[type]?.schema;
      return schema ? check(schema, JSON.parse(body)) : [`${pair} with ${type}`];
    },
    eventFaults: (body) => check(eventSchema, JSON.parse(body)),
  };
}
