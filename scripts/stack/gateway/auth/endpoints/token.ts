import type { Hono } from "hono";
import { z } from "zod";
import { actorOf, audit } from "../audit.ts";
import type { AuthContext, Client } from "../context.ts";
import { badRequest, validationFailed } from "../errors.ts";
import { passwordWeakness } from "../passwords.ts";
import { exchangeCode } from "../pkce.ts";
import { refreshSession } from "../refresh.ts";
import { type AuthBindings, clientOf, optionalText, readBody } from "../request.ts";
import { openSession, type TokenResponse } from "../sessions.ts";
import { findUserByEmail, isBanned } from "../users.ts";
import { emailEnabled } from "./signup.ts";

const passwordBody = z.object({ email: optionalText, phone: optionalText, password: optionalText });
const refreshBody = z.object({ refresh_token: optionalText });
const pkceBody = z.object({ auth_code: optionalText, code_verifier: optionalText });

const WRONG = () => badRequest("invalid_credentials", "Invalid login credentials");

async function signInWithPassword(
  context: AuthContext,
  { email, phone, password }: z.output<typeof passwordBody>,
  client: Client,
): Promise<TokenResponse> {
  if (email && phone) {
    throw validationFailed("Only an email address or phone number should be provided on login.");
  }
  if (phone) throw badRequest("phone_provider_disabled", "Phone logins are disabled");
  if (!email) throw validationFailed("missing email or phone");
  if (!emailEnabled(context)) {
    throw badRequest("email_provider_disabled", "Email logins are disabled");
  }
  const given = password ?? "";
  const user = await findUserByEmail(context.sql, email);
  const matches = await context.passwords.matches(given, user?.encrypted_password);
  if (!user?.encrypted_password) throw WRONG();
  if (isBanned(user)) throw badRequest("user_banned", "User is banned");
  if (!matches) throw WRONG();
  if (!user.email_confirmed_at) throw badRequest("email_not_confirmed", "Email not confirmed");
  const answer = await context.sql.begin(async (tx) => {
    await audit(tx, actorOf(user), "login", { provider: "email" });
    return openSession(context, tx, user.id, "password", client);
  });
  const weakness = passwordWeakness(given, context.config);
  if (!weakness?.reasons) return answer;
  return { ...answer, weak_password: { message: weakness.message, reasons: weakness.reasons } };
}

export function addToken(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.post("/token", async (c) => {
    const client = clientOf(c);
    switch (c.req.query("grant_type")) {
      case "password":
        return c.json(await signInWithPassword(context, await readBody(c, passwordBody), client));
      case "refresh_token": {
        const { refresh_token: token } = await readBody(c, refreshBody);
        return c.json(await refreshSession(context, token ?? undefined, client));
      }
      case "pkce": {
        const { auth_code: code, code_verifier: verifier } = await readBody(c, pkceBody);
        return c.json(await exchangeCode(context, code ?? "", verifier ?? "", client));
      }
      default:
        throw badRequest("invalid_credentials", "unsupported_grant_type");
    }
  });
}
