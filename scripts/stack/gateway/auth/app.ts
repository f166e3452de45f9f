import { Hono } from "hono";
import { logProblem } from "../log.ts";
import type { AuthContext } from "./context.ts";
import { addAdmin } from "./endpoints/admin.ts";
import { addFactors } from "./endpoints/factors.ts";
import { addInfo } from "./endpoints/info.ts";
import { addOAuth } from "./endpoints/oauth.ts";
import { addOtp } from "./endpoints/otp.ts";
import { addSession } from "./endpoints/session.ts";
import { addSignup } from "./endpoints/signup.ts";
import { addToken } from "./endpoints/token.ts";
import { addUser } from "./endpoints/user.ts";
import { addVerify } from "./endpoints/verify.ts";
import { AuthError, authErrorResponse, OAuthError } from "./errors.ts";
import { addRateLimits } from "./rate-limits.ts";
import type { AuthBindings } from "./request.ts";

/** What links, redirects and token verifiers open without an API key. */
export const OPEN_PATHS = /^\/(verify|callback|authorize|\.well-known\/jwks\.json)$/;

/** Supabase Auth as supabase-js calls it; paths are relative to `/auth/v1`. */
export function createAuthApp(context: AuthContext): Hono<{ Bindings: AuthBindings }> {
  const app = new Hono<{ Bindings: AuthBindings }>();
  app.onError((error, c) => {
    if (!(error instanceof AuthError || error instanceof OAuthError)) {
      logProblem(`auth: ${c.req.method} ${c.req.path}`, error);
    }
    return authErrorResponse(error, c.req.header("x-supabase-api-version"));
  });
  app.notFound((c) =>
    authErrorResponse(
      new AuthError(404, "not_found", "404 page not found"),
      c.req.header("x-supabase-api-version"),
    ),
  );
  app.use(async (c, next) => {
    await next();
    c.header("Cache-Control", c.res.headers.get("Cache-Control") ?? "no-store");
  });
  addRateLimits(app, context.config);
  for (const add of [
    addInfo,
    addSignup,
    addToken,
    addOtp,
    addVerify,
    addUser,
    addSession,
    addFactors,
    addOAuth,
    addAdmin,
  ]) {
    add(app, context);
  }
  return app;
}
