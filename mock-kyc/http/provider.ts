import type { Context, MiddlewareHandler } from "hono";
import type { Director } from "../director.ts";
import type { Engine } from "../engine.ts";
import { ProviderError } from "../errors.ts";
import { viewOf } from "../findings.ts";
import { chooseScenario } from "../scenarios/choose.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { ListQuery, NewVerification } from "../schemas.ts";
import { fingerprintOf, type KeyEntry, type LoggedRequest } from "../store.ts";
import { problem } from "./problem.ts";
import { parse, readIdempotencyKey, readJson, sameSecret } from "./read.ts";

/** What the operations work with. */
export interface ProviderDeps {
  readonly engine: Engine;
  readonly director: Director;
  readonly apiKey: string;
  /** Where events go when a request names no address. */
  readonly callbackUrl: string | null;
}

/** Closes the connection without an answer. */
const noAnswer = () => Response.error();

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}

/** Keeps a log of what was asked and how it ended. */
export function logRequests({ engine }: ProviderDeps): MiddlewareHandler {
  return async (context, next) => {
    const { method, url } = context.req;
    const { pathname, search, searchParams } = new URL(url);
    const body = method === "POST" ? objectOf(await context.req.text()) : null;
    const named = body?.external_id;
    const idInPath = /^\/v1\/verifications\/(mkv_[0-9a-f]+)/.exec(pathname)?.[1];
    const entry: LoggedRequest = {
      at: engine.clock.nowIso(),
      method,
      path: `${pathname}${search}`,
      external_id:
        (typeof named === "string" ? named : searchParams.get("external_id")) ??
        (idInPath ? (engine.store.record(idInPath)?.externalId ?? null) : null),
      idempotency_key: context.req.header("idempotency-key") ?? null,
      body,
      status: null,
    };
    engine.store.requests.add(entry);
    await next();
    entry.status = context.res.status || null;
  };
}

/** Plays an outage, if one is set. */
export function playOutage({ director }: ProviderDeps): MiddlewareHandler {
  return async (context, next) => {
    switch (director.outage) {
      case null:
        return next();
      case "500":
      case "503":
        return failure(Number(director.outage));
      case "hang":
        await director.hang(context.req.raw.signal);
        return noAnswer();
      case "reset":
        return noAnswer();
    }
  };
}

/** Lets only the holder of the API key in. */
export function requireApiKey({ apiKey }: ProviderDeps): MiddlewareHandler {
  return async (context, next) => {
    const [scheme, token] = (context.req.header("authorization") ?? "").split(" ", 2);
    if (scheme?.toLowerCase() !== "bearer" || !token || !sameSecret(token, apiKey)) {
      throw new ProviderError("unauthorized", "Send the API key as a bearer token.");
    }
    return next();
  };
}

function failure(status: number): Response {
  switch (status) {
    case 400:
      return problem(new ProviderError("invalid_document", "The scenario refuses the documents."));
    case 401:
      return problem(new ProviderError("unauthorized", "The scenario refuses the key."), {
        "www-authenticate": "Bearer",
      });
    case 429:
      return problem(new ProviderError("rate_limited", "The scenario limits requests."), {
        "retry-after": "1",
      });
    case 503:
      return problem(new ProviderError("service_unavailable", "The scenario is an outage."), {
        "retry-after": "2",
      });
    default:
      return problem(new ProviderError("internal_error", "The scenario is a failure."));
  }
}

/** The scenario of a request, refused when the server can't play it. */
function scenarioFor(context: Context, body: NewVerification, deps: ProviderDeps): Scenario {
  const header = context.req.header("x-mock-scenario");
  const scenario = deps.director.apply(() => chooseScenario(header, body));
  if (
    scenario.faults.some(({ fault }) => fault.needsPreviousSecret) &&
    !deps.engine.deliverer.hasPreviousSecret
  ) {
    throw new ProviderError(
      "unknown_scenario",
      "This scenario needs a second secret in MOCK_KYC_WEBHOOK_SECRETS.",
    );
  }
  return scenario;
}

function entryFor(key: string, body: NewVerification, { engine }: ProviderDeps): KeyEntry {
  const fingerprint = fingerprintOf(body);
  const known = engine.store.keys.get(key);
  if (!known) return { fingerprint, tries: 0, status: 202, record: null };
  if (known.fingerprint !== fingerprint) {
    throw new ProviderError("idempotency_key_reused", "This key came with another body before.");
  }
  return known;
}

/** `POST /v1/verifications` */
export async function createVerification(context: Context, deps: ProviderDeps): Promise<Response> {
  const key = readIdempotencyKey(context);
  const body = parse(NewVerification, await readJson(context));
  const callbackUrl = body.callback_url ?? deps.callbackUrl;
  if (!callbackUrl) {
    const mismatch = { pointer: "/callback_url", detail: "required: the server has none set" };
    throw new ProviderError("validation_failed", "No callback_url.", [mismatch]);
  }
  const entry = entryFor(key, body, deps);
  if (entry.record?.firstAnswer) {
    return context.json(entry.record.firstAnswer, entry.status, { "idempotent-replayed": "true" });
  }

  const scenario = scenarioFor(context, body, deps);
  const { statuses, creates } = scenario.outcome.answer;
  const status = statuses[Math.min(entry.tries, statuses.length - 1)] ?? null;
  entry.tries += 1;
  deps.engine.store.keys.set(key, entry);

  const accept = () =>
    deps.engine.accept(body, callbackUrl, scenario, (record) => {
      entry.record = record;
      entry.status = status === 201 ? 201 : 202;
    });
  if (status === null) {
    if (creates) void accept();
    await deps.director.hang(context.req.raw.signal);
    return noAnswer();
  }
  if (status === 200) return context.html("<!doctype html><title>Welcome</title>");
  if (status >= 400) return failure(status);
  return context.json(await accept(), status === 201 ? 201 : 202);
}

/** `GET /v1/verifications` */
export function listVerifications(context: Context, { engine }: ProviderDeps): Response {
  const query = parse(ListQuery, context.req.query());
  const records = engine.store.case(query.external_id)?.records ?? [];
  const items = records
    .filter(({ attempt }) => query.attempt === undefined || attempt === query.attempt)
    .map(viewOf)
    .toReversed();
  return context.json({ items });
}
