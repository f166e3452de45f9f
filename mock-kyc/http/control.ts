import type { Context, MiddlewareHandler } from "hono";
import type { Director } from "../director.ts";
import type { Engine } from "../engine.ts";
import { ProviderError } from "../errors.ts";
import { ClockAdvance, ClockSettings, Decision, Faults, Reset } from "../schemas.ts";
import { parse, readJson, sameSecret } from "./read.ts";

/** What the control operations work with. */
export interface ControlDeps {
  readonly engine: Engine;
  readonly director: Director;
  /** Null switches the control API off. */
  readonly adminKey: string | null;
}

/** Lets only the test director in. */
export function requireAdminKey({ adminKey }: ControlDeps): MiddlewareHandler {
  return async (context, next) => {
    if (!adminKey) throw new ProviderError("not_found", "The control API is off.");
    if (!sameSecret(context.req.header("x-mock-admin") ?? "", adminKey)) {
      throw new ProviderError("unauthorized", "Send the admin key in X-Mock-Admin.");
    }
    return next();
  };
}

/** `GET /__mock/clock` */
export function getClock(context: Context, { engine: { clock } }: ControlDeps): Response {
  return context.json({
    now: clock.nowIso(),
    time_scale: clock.timeScale,
    paused: clock.paused,
    pending_timers: clock.pendingTimers,
  });
}

/** `PUT /__mock/clock` */
export async function setClock(context: Context, deps: ControlDeps): Promise<Response> {
  const settings = parse(ClockSettings, await readJson(context));
  const { clock } = deps.engine;
  if (settings.time_scale !== undefined) clock.timeScale = settings.time_scale;
  if (settings.paused === true) clock.pause();
  if (settings.paused === false) clock.resume();
  return getClock(context, deps);
}

/** `POST /__mock/clock/advance` */
export async function advanceClock(context: Context, deps: ControlDeps): Promise<Response> {
  const { ms } = parse(ClockAdvance, await readJson(context));
  const { clock, deliverer } = deps.engine;
  await clock.advance(ms, () => deliverer.settled());
  return getClock(context, deps);
}

/** `POST /__mock/reset` */
export async function reset(context: Context, deps: ControlDeps): Promise<Response> {
  const hasBody = (await context.req.text()) !== "";
  const { seed } = hasBody ? parse(Reset, await readJson(context)) : {};
  deps.director.reset();
  await deps.engine.reset(seed);
  return getClock(context, deps);
}

/** `POST /__mock/faults` */
export async function setFaults(context: Context, { director }: ControlDeps): Promise<Response> {
  const { next, outage } = parse(Faults, await readJson(context));
  if (next) director.setNext(next);
  if (outage !== undefined) director.outage = outage;
  return context.json({ next: director.next, outage: director.outage });
}

/** `POST /__mock/verifications/{verification_id}/decide` */
export async function decide(context: Context, { engine }: ControlDeps): Promise<Response> {
  const { outcome, reason_codes, nationality } = parse(Decision, await readJson(context));
  const template = {
    kind: outcome,
    ...(reason_codes && { reasonCodes: reason_codes }),
    ...(nationality && { nationality }),
  };
  return context.json(engine.decide(context.req.param("verification_id") ?? "", template));
}

/** `POST /__mock/events/{event_id}/redeliver` */
export async function redeliver(context: Context, { engine }: ControlDeps): Promise<Response> {
  const id = context.req.param("event_id") ?? "";
  const found = engine.store.event(id);
  if (!found) throw new ProviderError("not_found", `There is no event ${id}.`);
  return context.json(await engine.deliverer.redeliver(found.record, found.event));
}

/** `GET /__mock/requests` */
export function listRequests(context: Context, { engine }: ControlDeps): Response {
  const wanted = context.req.query("external_id");
  const { items } = engine.store.requests;
  return context.json({
    items: items.filter((item) => wanted === undefined || item.external_id === wanted),
  });
}

/** `GET /__mock/deliveries` */
export function listDeliveries(context: Context, { engine }: ControlDeps): Response {
  const wanted = context.req.query("verification_id");
  const { items } = engine.deliverer.log;
  return context.json({
    items: items.filter((item) => wanted === undefined || item.verification_id === wanted),
  });
}
