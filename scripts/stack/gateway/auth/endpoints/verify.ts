import type { Hono } from "hono";
import { z } from "zod";
import type { AuthenticationMethod } from "../claims.ts";
import { confirmToken, type VerifiedKind } from "../confirm.ts";
import type { AuthContext } from "../context.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { hashOtp, PKCE_PREFIX } from "../one-time-tokens.ts";
import { errorTarget, sessionTarget, withFragment, withQuery } from "../outcome-urls.ts";
import { issueCode } from "../pkce.ts";
import { redirectTarget } from "../redirects.ts";
import {
  type AuthBindings,
  type AuthRequest,
  clientOf,
  normalizeEmail,
  optionalText,
  readBody,
} from "../request.ts";
import { openSession } from "../sessions.ts";

const HALF_CONFIRMED =
  "Confirmation link accepted. Please proceed to confirm link sent to the other email";

const FLOW_METHODS: Record<VerifiedKind, AuthenticationMethod> = {
  signup: "email/signup",
  invite: "invite",
  magiclink: "magiclink",
  recovery: "recovery",
  email_change: "email_change",
};

async function followLink(
  context: AuthContext,
  c: AuthRequest,
  token: string,
  type: string,
  target: string,
): Promise<string> {
  const pkce = token.startsWith(PKCE_PREFIX);
  return context.sql.begin(async (tx) => {
    const message = "Email link is invalid or has expired";
    const result = await confirmToken(context, tx, type, token, message);
    if (result.state === "half") {
      const url = pkce ? withQuery(target, { message: HALF_CONFIRMED }) : target;
      return withFragment(url, { message: HALF_CONFIRMED, sb: "" });
    }
    const { id } = result.account.user;
    if (pkce) {
      return withQuery(target, { code: await issueCode(tx, id, FLOW_METHODS[result.kind]) });
    }
    return sessionTarget(target, await openSession(context, tx, id, "otp", clientOf(c)), type);
  });
}

const body = z.object({
  type: optionalText,
  token: optionalText,
  token_hash: optionalText,
  email: optionalText,
  phone: optionalText,
  redirect_to: optionalText,
});

function hashOf(input: z.output<typeof body>): string {
  if (Boolean(input.token) === Boolean(input.token_hash)) {
    throw validationFailed("Verify requires either a token or a token hash");
  }
  if (input.token_hash) {
    if (input.email || input.phone || input.redirect_to) {
      throw validationFailed("Only the token_hash and type should be provided");
    }
    return input.token_hash;
  }
  if (!input.email || input.phone) {
    throw validationFailed("Only an email address or phone number should be provided on verify");
  }
  return hashOtp(normalizeEmail(input.email), input.token ?? "");
}

/** `GET` is the link in a mail and answers with a redirect; `POST` is the typed code. */
export function addVerify(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.get("/verify", async (c) => {
    const { token, type, redirect_to: wanted } = c.req.query();
    if (!type) throw validationFailed("Verify requires a verification type");
    if (!token) throw validationFailed("Verify requires a token or a token hash");
    const target = redirectTarget(context.config, wanted, c.req.header("referer"));
    try {
      return c.redirect(await followLink(context, c, token, type, target), 303);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      return c.redirect(errorTarget(target, error, token.startsWith(PKCE_PREFIX)), 303);
    }
  });
  app.post("/verify", async (c) => {
    const input = await readBody(c, body);
    const { type } = input;
    if (!type) throw validationFailed("Verify requires a verification type");
    const hash = hashOf(input);
    const message = input.token_hash
      ? "Email link is invalid or has expired"
      : "Token has expired or is invalid";
    const answer = await context.sql.begin(async (tx) => {
      const result = await confirmToken(context, tx, type, hash, message);
      if (result.state === "half") return { msg: HALF_CONFIRMED, code: "200" };
      return openSession(context, tx, result.account.user.id, "otp", clientOf(c));
    });
    return c.json(answer);
  });
}
