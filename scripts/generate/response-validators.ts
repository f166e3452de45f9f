import { bundleModule, compileSchemas } from "./compile.ts";
import { convert, definitions } from "./json-schema.ts";
import type { Contract, Header, JsonObject, Response } from "./open-api.ts";
import { banner, type OutputFile, TESTS_GENERATED } from "./output.ts";
import { SchemaPool } from "./schema-pool.ts";

const SOURCE = "openapi/";

/** Writes responses as expressions; equal ones, such as the shared problems, are written once. */
class ResponseWriter {
  readonly pool = new SchemaPool();
  readonly #names = new Map<string, string>();
  readonly #contract: Contract;

  constructor(contract: Contract) {
    this.#contract = contract;
  }

  add(response: Response): string {
    const expression = this.#write(response);
    const name = this.#names.get(expression) ?? `r${this.#names.size}`;
    this.#names.set(expression, name);
    return name;
  }

  declarations(): string {
    return [...this.#names]
      .map(([expression, name]) => `const ${name} = ${expression};`)
      .join("\n");
  }

  #validator(schema: JsonObject): string {
    return this.pool.add(convert(schema, { schemas: this.#contract.schemas, close: true }));
  }

  #header(name: string, { required, schema }: Header): string {
    const flags = `required: ${required}, integer: ${schema.type === "integer"}`;
    return `${JSON.stringify(name)}: { ${flags}, validate: ${this.#validator(schema)} }`;
  }

  #write({ headers, content }: Response): string {
    const headerRules = Object.entries(headers).map(([name, header]) => this.#header(name, header));
    const contentRules = Object.entries(content).map(
      ([type, schema]) => `${JSON.stringify(type)}: ${this.#validator(schema ?? {})}`,
    );
    return `{ headers: { ${headerRules.join(", ")} }, content: { ${contentRules.join(", ")} } }`;
  }
}

function rowOf(responses: Readonly<Record<string, Response>>, writer: ResponseWriter): string {
  const rules = Object.entries(responses).map(
    ([status, response]) => `${JSON.stringify(status)}: ${writer.add(response)}`,
  );
  return `{ ${rules.join(", ")} }`;
}

function entryOf(contract: Contract, writer: ResponseWriter): string {
  const rows = contract.operations.map(
    ({ id, responses }) => `  ${JSON.stringify(id)}: ${rowOf(responses, writer)},`,
  );
  const shared = rowOf(contract.sharedResponses, writer);
  return `import { checkAgainst, ruleFor } from "check-response";
import * as schemas from "virtual:schemas";
${writer.declarations()}
const rules = {
${rows.join("\n")}
};
const shared = ${shared};
export function checkResponse(operationId, answer) {
  const rule = ruleFor(rules[operationId], answer.status);
  return rule ? checkAgainst(rule, answer) : ["status: " + answer.status + " is not documented"];
}
export function checkSharedResponse(name, answer) {
  return checkAgainst(shared[name], answer);
}
`;
}

function declaration(contract: Contract): string {
  const names = Object.keys(contract.sharedResponses).map((name) => JSON.stringify(name));
  return `${banner(SOURCE)}
import type { OperationId } from "../../../supabase/functions/_shared/generated/contract.ts";

/** An answer as a test has received it; \`body\` is parsed when it is JSON, \`null\` when it is empty. */
export type Answer = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
};

/**
 * The faults of an answer of an operation, in words: none when it is as the contract says. An
 * undocumented status, media type or member is a fault, and so is a missing required header.
 */
export declare function checkResponse(operationId: OperationId, answer: Answer): string[];

/** The faults of an answer that the router gives where no operation is meant. */
export declare function checkSharedResponse(name: SharedResponse, answer: Answer): string[];

/** The shared responses by name. */
export type SharedResponse =
${names.map((name) => `  | ${name}`).join("\n")};
`;
}

/** The validators of all responses, for tests: the functions never load them. */
export async function generateResponseValidators(contract: Contract): Promise<OutputFile[]> {
  const writer = new ResponseWriter(contract);
  const entry = entryOf(contract, writer);
  const shared = definitions({ schemas: contract.schemas, close: true });
  const modules = {
    "virtual:schemas": compileSchemas(writer.pool.schemas, shared, { fillDefaults: false }),
  };
  return [
    {
      path: `${TESTS_GENERATED}/responses.js`,
      content: await bundleModule(entry, modules, banner(SOURCE)),
    },
    { path: `${TESTS_GENERATED}/responses.d.ts`, content: declaration(contract) },
  ];
}
