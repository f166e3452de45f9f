import { type Context, Hono, type MiddlewareHandler } from "hono";
import { ProviderError } from "../errors.ts";
import { viewOf } from "../findings.ts";
import { CATALOGUE } from "../scenarios/catalogue.ts";
import { PLACES } from "../scenarios/choose.ts";
import { GRAMMAR } from "../scenarios/scenario.ts";
import * as control from "./control.ts";
import { problem, problemOf } from "./problem.ts";
import * as provider from "./provider.ts";

export type AppDeps = provider.ProviderDeps & control.ControlDeps;

type Handler = (context: Context) => Response | Promise<Response>;
type Methods = Readonly<Partial<Record<"GET" | "POST" | "PUT" | "DELETE", Handler>>>;

/** The routes by path, as in the contract. */
function routes(deps: AppDeps): Readonly<Record<string, Methods>> {
  const { engine } = deps;
  const id = (context: Context) => context.req.param("verification_id") ?? "";
  return {
    "/v1/verifications": {
      POST: (context) => provider.createVerification(context, deps),
      GET: (context) => provider.listVerifications(context, deps),
    },
    "/v1/verifications/:verification_id": {
      GET: (context) => context.json(viewOf(engine.require(id(context)))),
      DELETE: (context) => context.json(engine.redact(id(context)), 202),
    },
    "/v1/verifications/:verification_id/cancel": {
      POST: (context) => context.json(engine.cancel(id(context))),
    },
    "/v1/sandbox/scenarios": {
      GET: (context) => context.json({ grammar: GRAMMAR, choice: PLACES, items: CATALOGUE }),
    },
    "/health": {
      GET: (context) =>
        context.json({
          status: "ok",
          verifications: engine.store.size,
          deliveries_in_flight: engine.deliverer.inFlight,
        }),
    },
    "/__mock/reset": { POST: (context) => control.reset(context, deps) },
    "/__mock/clock": {
      GET: (context) => control.getClock(context, deps),
      PUT: (context) => control.setClock(context, deps),
    },
    "/__mock/clock/advance": { POST: (context) => control.advanceClock(context, deps) },
    "/__mock/faults": { POST: (context) => control.setFaults(context, deps) },
    "/__mock/verifications/:verification_id/decide": {
      POST: (context) => control.decide(context, deps),
    },
    "/__mock/events/:event_id/redeliver": { POST: (context) => control.redeliver(context, deps) },
    "/__mock/requests": { GET: (context) => control.listRequests(context, deps) },
    "/__mock/deliveries": { GET: (context) => control.listDeliveries(context, deps) },
  };
}

function guards(deps: AppDeps): readonly (readonly [string, MiddlewareHandler])[] {
  return [
    ["/v1/verifications/*", provider.logRequests(deps)],
    ["/v1/verifications/*", provider.playOutage(deps)],
    ["/v1/verifications/*", provider.requireApiKey(deps)],
    ["/__mock/*", control.requireAdminKey(deps)],
  ];
}

/** The HTTP side of the provider. */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono();
  app.onError(problemOf);
  app.notFound(() => problem(new ProviderError("not_found", "There is no such route.")));
  for (const [path, guard] of guards(deps)) app.use(path, guard);
  for (const [path, methods] of Object.entries(routes(deps))) {
    for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
    const allow = Object.keys(methods).join(", ");
    app.all(path, () =>
      problem(new ProviderError("method_not_allowed", `Allowed: ${allow}.`), { allow }),
    );
  }
  return app;
}
