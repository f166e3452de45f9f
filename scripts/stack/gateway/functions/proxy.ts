import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiKeys } from "../api-keys.ts";
import type { FunctionRoute } from "../config.ts";
import type { VerifyToken } from "../tokens/verify.ts";
import { refuseUnverified } from "./authorize.ts";
import { answerFunctionError } from "./errors.ts";
import { createUpstream, type ForwardLimits, forward, type Upstream } from "./forward.ts";

export const FUNCTIONS_PREFIX = "/functions/v1/";

/** The platform's limits; a body is bounded by what its edge network lets through. */
const PLATFORM_LIMITS: ForwardLimits = {
  idleTimeoutMs: 150_000,
  maxBodyBytes: 100 * 1024 * 1024,
};

interface Target {
  readonly verifyJwt: boolean;
  readonly upstream: Upstream;
}

export interface FunctionProxy {
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Takes over a new list: functions come, go, or listen on another port after a restart. */
  setFunctions(functions: readonly FunctionRoute[]): void;
  close(): void;
}

/** `/functions/v1/kyc/status?x=1` → `["kyc", "/kyc/status?x=1"]`: a function sees its own name first. */
function splitPath(url: string): readonly [name: string, path: string] {
  const path = url.slice(FUNCTIONS_PREFIX.length - 1);
  const end = path.slice(1).search(/[/?#]/);
  return [end === -1 ? path.slice(1) : path.slice(1, end + 1), path];
}

export function createFunctionProxy(
  keys: ApiKeys,
  verify: VerifyToken,
  limits: ForwardLimits = PLATFORM_LIMITS,
): FunctionProxy {
  let targets = new Map<string, Target>();

  const pass = (req: IncomingMessage, res: ServerResponse, target: Target, path: string) =>
    forward(req, res, target.upstream, path, limits);

  return {
    handle(req, res) {
      const [name, path] = splitPath(req.url ?? "");
      const target = targets.get(name);
      if (!target) return answerFunctionError(res, "NOT_FOUND");
      // A preflight carries no credentials, so the platform lets it through.
      if (!target.verifyJwt || req.method === "OPTIONS") return pass(req, res, target, path);
      refuseUnverified(req, keys, verify).then(
        (code) => (code ? answerFunctionError(res, code) : pass(req, res, target, path)),
        () => answerFunctionError(res, "UNAUTHORIZED_INVALID_JWT_FORMAT"),
      );
    },
    setFunctions(functions) {
      const former = targets;
      targets = new Map(
        functions.map(({ name, port, verifyJwt }) => {
          const known = former.get(name)?.upstream;
          return [
            name,
            { verifyJwt, upstream: known?.port === port ? known : createUpstream(port) },
          ];
        }),
      );
      const kept = new Set([...targets.values()].map(({ upstream }) => upstream));
      for (const { upstream } of former.values()) {
        if (!kept.has(upstream)) upstream.agent.destroy();
      }
    },
    close() {
      for (const { upstream } of targets.values()) upstream.agent.destroy();
    },
  };
}
