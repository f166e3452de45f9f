import type { Contract, Operation } from "./open-api.ts";
import { banner, FUNCTIONS_GENERATED, type OutputFile } from "./output.ts";

/** The function folder of a group: `kyc-webhook` of `kycWebhook`. */
export function folderOf(group: string): string {
  return group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Who may call, said in one word. */
function authOf({ id, security, roles }: Operation): string {
  const schemes = [...security].sort().join("+");
  if (schemes === "") return "public";
  if (schemes === "secretKey") return "secret";
  if (schemes === "webhookSignature") return "signature";
  if (schemes === "userToken") return roles.length > 0 ? "staff" : "user";
  if (schemes === "machineKey+userToken" && roles.length > 0) return "staff_or_machine";
  throw new Error(`${id}: no kind of caller is known for security ${schemes}.`);
}

/** The path inside the function, in the syntax of the router. */
function routeOf({ id, group, path }: Operation): string {
  const prefix = `/${folderOf(group)}`;
  if (!path.startsWith(`${prefix}/`))
    throw new Error(`${id}: its path must start with ${prefix}/.`);
  return path.slice(prefix.length).replace(/\{([a-z_]+)\}/g, ":$1");
}

function hasHeader(operation: Operation, name: string): boolean {
  return operation.parameters.some((entry) => entry.in === "header" && entry.name === name);
}

function mediaTypes(operation: Operation): string[] {
  const types = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, response]) => Object.keys(response.content));
  return [...new Set(types)];
}

function describe(operation: Operation): Record<string, unknown> {
  const statuses = Object.keys(operation.responses).filter((status) => status !== "default");
  return {
    id: operation.id,
    group: operation.group,
    method: operation.method,
    path: routeOf(operation),
    auth: authOf(operation),
    roles: operation.roles,
    scopes: operation.scopes,
    mfa: operation.mfa,
    idempotencyKey: hasHeader(operation, "Idempotency-Key") ? "required" : "none",
    ifMatch: hasHeader(operation, "If-Match"),
    maxBodyBytes: operation.maxBodyBytes,
    bodyRequired: operation.body?.required ?? false,
    requestMediaTypes: Object.keys(operation.body?.content ?? {}),
    responseMediaTypes: mediaTypes(operation),
    successStatuses: statuses.filter((status) => status.startsWith("2")).map(Number),
    errorStatuses: statuses.filter((status) => !status.startsWith("2")).map(Number),
  };
}

const TYPES = `
/** Who may call an operation. */
export type OperationAuth = "public" | "user" | "staff" | "staff_or_machine" | "secret" | "signature";

/** What the contract says about an operation besides its shapes. */
export type OperationMetadata = {
  readonly id: string;
  /** The first part of the id; its function folder is the same in kebab case. */
  readonly group: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Relative to the function, in the syntax of Hono: \`/verifications/:verification_id\`. */
  readonly path: string;
  readonly auth: OperationAuth;
  /** Staff roles that may call it, for \`staff\` and \`staff_or_machine\`. */
  readonly roles: readonly string[];
  /** Machine-key scopes that may call it, for \`staff_or_machine\`. */
  readonly scopes: readonly string[];
  /** \`staff\`: people need a session with two factors, where the deployment asks for it. */
  readonly mfa: "staff" | "none";
  readonly idempotencyKey: "required" | "none";
  readonly ifMatch: boolean;
  /** The largest request body, in bytes. */
  readonly maxBodyBytes: number;
  readonly bodyRequired: boolean;
  /** Empty when the operation takes no body. */
  readonly requestMediaTypes: readonly string[];
  /** Empty when a success has no body. */
  readonly responseMediaTypes: readonly string[];
  readonly successStatuses: readonly number[];
  readonly errorStatuses: readonly number[];
};
`;

/** What the router, the boundary and the test matrices need to know of each operation. */
export function generateOperations(contract: Contract): OutputFile {
  const rows = contract.operations.map(
    (operation) => `  ${JSON.stringify(operation.id)}: ${JSON.stringify(describe(operation))},`,
  );
  const content = `${banner("openapi/")}${TYPES}
/** The version of this contract: what \`Api-Version\` names. */
export const CONTRACT_VERSION = ${JSON.stringify(contract.version)};

/** Every operation of the contract, by id. */
export const operations = {
${rows.join("\n")}
} as const satisfies Record<string, OperationMetadata>;
`;
  return { path: `${FUNCTIONS_GENERATED}/operations.ts`, content };
}
