import { type Context, Hono, type Next } from "hono";
import { authenticate } from "../auth/authenticate.ts";
import { authorize } from "../auth/authorize.ts";
import type { CoreDeps } from "../core-deps.ts";
import { ApiError } from "../errors.ts";
import { operations as definitions, type OperationMetadata } from "../generated/operations.ts";
import { requireSupportedVersion } from "./api-version.ts";
import { isPreflight, preflightHeaders } from "./cors.ts";
import { requireAcceptable } from "./media-type.ts";
import type { ErasedOperation } from "./operation.ts";
import { readInput } from "./read-input.ts";
import { respond, respondWithProblem } from "./respond.ts";
import { runOperation } from "./run-operation.ts";
import { openScope, type RequestScope } from "./scope.ts";
import type { AnyValidators } from "./validate.ts";

/** A function: what it serves and what it needs for that. */
export type FunctionOptions<Deps extends CoreDeps> = {
  /** The folder of the function and first segment of its paths. */
  readonly name: string;
  readonly deps: Deps;
  /** Complete by `satisfies OperationTable<…>` where it is written. */
  readonly operations: Readonly<Record<string, ErasedOperation<Deps>>>;
  readonly validators: Readonly<Record<string, AnyValidators>>;
};

/** A function as the runtime wants it. */
export type FunctionApp = { readonly fetch: (request: Request) => Response | Promise<Response> };

type Env = { Variables: { scope: RequestScope } };

/** An operation with what the contract says about it. */
type Route<Deps> = {
  readonly definition: OperationMetadata;
  readonly operation: ErasedOperation<Deps>;
  readonly validators: AnyValidators;
};

/**
 * Builds a function from its operations: routes, and around them the one boundary that gives every
 * answer its headers, turns everything thrown into a problem document, and writes the log line.
 *
 * @example createFunctionApp({ name: "users", deps, operations, validators });
 */
export function createFunctionApp<Deps extends CoreDeps>(
  options: FunctionOptions<Deps>,
): FunctionApp {
  const { name, deps } = options;
  const app = new Hono<Env>();
  app.use(boundary(deps));
  for (const [path, routes] of routesByPath(options)) {
    for (const route of routes) {
      app.on(route.definition.method, `/${name}${path}`, serve(route, deps));
    }
    app.all(`/${name}${path}`, otherMethods(routes));
  }
  app.notFound(({ var: { scope } }) => respondWithProblem(scope, new ApiError("route_not_found")));
  // Hono would answer errors itself; here the boundary does, for whatever is thrown.
  app.onError((error) => {
    throw error;
  });
  return { fetch: (request) => app.fetch(request) };
}

/** Opens the scope of each request, answers what is thrown in it, and says in the log how it ended. */
function boundary({ corsOrigins, log }: CoreDeps) {
  return async (context: Context<Env>, next: Next) => {
    const scope = openScope(context.req.raw, { corsOrigins, log });
    context.set("scope", scope);
    try {
      await next();
    } catch (error) {
      context.res = respondWithProblem(scope, error);
    }
    scope.log.info("request", {
      ...scope.outcome,
      method: context.req.method,
      status: context.res.status,
      duration_ms: Math.round((performance.now() - scope.startedAt) * 10) / 10,
    });
  };
}

/** The steps of a request, in the order in which an attacker learns the least. */
function serve<Deps extends CoreDeps>(route: Route<Deps>, deps: Deps) {
  const { definition, operation, validators } = route;
  const [mediaType = "application/json"] = definition.responseMediaTypes;
  return async ({ req, var: { scope } }: Context<Env>) => {
    const { headers } = req.raw;
    scope.outcome.operation = definition.id;
    const principal = await authenticate(definition.auth, headers, deps.verifiers);
    if ("isImplemented" in operation) throw new ApiError("not_implemented");
    requireSupportedVersion(headers.get("api-version"));
    requireAcceptable(headers.get("accept"), definition.responseMediaTypes);
    const transaction = deps.transactionsFor(scope.requestId);
    await authorize(principal, definition, transaction, deps.requireStaffMfa);
    const input = await readInput(req.raw, req.param(), definition, validators);
    const call = { operation, principal, input, request: req.raw, scope, deps, mediaType };
    return respond(scope, await runOperation(call));
  };
}

/** Answers the methods that a path does not have, and the questions about those it has. */
function otherMethods<Deps>(routes: readonly Route<Deps>[]) {
  const methods = routes.map(({ definition }) => definition.method);
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  return ({ req, var: { scope } }: Context<Env>) => {
    if (req.method !== "OPTIONS") throw new ApiError("method_not_allowed", { headers: { allow } });
    const isAllowedOrigin = "access-control-allow-origin" in scope.headers;
    const preflight = isPreflight(req.raw) && isAllowedOrigin ? preflightHeaders(methods) : {};
    return respond(scope, { status: 204, headers: { allow, ...preflight }, body: null });
  };
}

/** Groups the operations by path. Fixed segments come first, so that no parameter swallows them. */
function routesByPath<Deps extends CoreDeps>({
  operations,
  validators,
}: FunctionOptions<Deps>): [string, Route<Deps>[]][] {
  const paths = new Map<string, Route<Deps>[]>();
  for (const [id, operation] of Object.entries(operations)) {
    const definition = definitionOf(id);
    const checks = validators[id];
    if (!definition || !checks) throw new Error(`The contract has no operation ${id}.`);
    const route = { definition, operation, validators: checks };
    paths.set(definition.path, [...(paths.get(definition.path) ?? []), route]);
  }
  return [...paths].sort(([left], [right]) => (specificity(left) < specificity(right) ? -1 : 1));
}

function definitionOf(id: string): OperationMetadata | undefined {
  return Object.values<OperationMetadata>(definitions).find((definition) => definition.id === id);
}

/** Sorts a parameter behind every fixed segment in its place. */
function specificity(path: string): string {
  return path.replaceAll(/:[a-z_]+/g, "~");
}
