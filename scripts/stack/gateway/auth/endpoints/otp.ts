import type { Hono } from "hono";
import { z } from "zod";
import type { AuthContext } from "../context.ts";
import { badRequest, unprocessable, validationFailed } from "../errors.ts";
import { type JsonMap, jsonMap } from "../json.ts";
import { randomPassword } from "../passwords.ts";
import { challengeOf, pkceFields } from "../pkce.ts";
import { redirectTarget } from "../redirects.ts";
import {
  type AuthBindings,
  type AuthRequest,
  clientOf,
  normalizeEmail,
  optionalText,
  readBody,
  wantedRedirect,
} from "../request.ts";
import {
  inTransaction,
  type LinkOptions,
  sendConfirmation,
  sendEmailChange,
  sendMagicLink,
  sendRecovery,
} from "../send-links.ts";
import { signUpWithEmail } from "../sign-up.ts";
import { findUserByEmail } from "../users.ts";
import { emailEnabled } from "./signup.ts";

const otpBody = z.object({
  email: optionalText,
  phone: optionalText,
  create_user: z.boolean().default(true),
  data: jsonMap.nullish(),
  ...pkceFields,
});
const recoverBody = z.object({ email: optionalText, ...pkceFields });
const resendBody = z.object({ type: optionalText, email: optionalText, phone: optionalText });

function linkOf(
  context: AuthContext,
  c: AuthRequest,
  input: Parameters<typeof challengeOf>[0],
): LinkOptions {
  return {
    redirectTo: redirectTarget(context.config, wantedRedirect(c), c.req.header("referer")),
    challenge: challengeOf(input),
  };
}

/** Somebody new, or never confirmed, signs up with a password that nobody knows. */
async function signUpByLink(
  context: AuthContext,
  c: AuthRequest,
  email: string,
  data: JsonMap,
  link: LinkOptions,
) {
  if (!context.config.enable_signup) {
    throw unprocessable("signup_disabled", "Signups not allowed for this instance");
  }
  const client = clientOf(c);
  await signUpWithEmail(context, { email, password: randomPassword(), data, link, client });
}

async function sendSignInMail(
  context: AuthContext,
  c: AuthRequest,
  input: z.output<typeof otpBody>,
): Promise<void> {
  const email = normalizeEmail(input.email ?? "");
  const link = linkOf(context, c, input);
  const known = await findUserByEmail(context.sql, email);
  if (!known && !input.create_user) {
    throw unprocessable("otp_disabled", "Signups not allowed for otp");
  }
  if (!known?.email_confirmed_at) {
    await signUpByLink(context, c, email, input.data ?? {}, link);
    if (context.config.email.enable_confirmations) return;
  }
  const user = await findUserByEmail(context.sql, email);
  if (user)
    await inTransaction(context, (db, later) => sendMagicLink(context, db, user, link, later));
}

async function resend(
  context: AuthContext,
  c: AuthRequest,
  input: z.output<typeof resendBody>,
): Promise<void> {
  const { type } = input;
  if (type !== "signup" && type !== "email_change") {
    throw validationFailed("Missing one of these types: signup, email_change, sms, phone_change");
  }
  if (!input.email) throw validationFailed("Type provided requires an email address");
  const user = await findUserByEmail(context.sql, normalizeEmail(input.email));
  const link = linkOf(context, c, {});
  if (!user) return;
  if (type === "signup") {
    if (user.email_confirmed_at) return;
    await inTransaction(context, (db, later) => sendConfirmation(context, db, user, link, later));
    return;
  }
  const { email_change: wanted } = user;
  if (!wanted) return;
  await inTransaction(context, (db, later) =>
    sendEmailChange(context, db, user, wanted, link, later),
  );
}

function requireEmail(context: AuthContext, input: { email?: unknown; phone?: unknown }): void {
  if (input.email && input.phone) {
    throw validationFailed("Only an email address or phone number should be provided");
  }
  if (input.phone) throw badRequest("phone_provider_disabled", "Unsupported phone provider");
  if (!input.email) throw validationFailed("One of email or phone must be set");
  if (!emailEnabled(context)) {
    throw unprocessable("email_provider_disabled", "Email logins are disabled");
  }
}

/** The endpoints that send a mail to whoever holds an address. */
export function addOtp(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  for (const path of ["/otp", "/magiclink"] as const) {
    app.post(path, async (c) => {
      const input = await readBody(c, otpBody);
      requireEmail(context, input);
      await sendSignInMail(context, c, input);
      return c.json({});
    });
  }
  app.post("/recover", async (c) => {
    const input = await readBody(c, recoverBody);
    if (!input.email) throw validationFailed("Password recovery requires an email");
    const user = await findUserByEmail(context.sql, normalizeEmail(input.email));
    const link = linkOf(context, c, input);
    // The answer is the same for an unknown address.
    if (user)
      await inTransaction(context, (db, later) => sendRecovery(context, db, user, link, later));
    return c.json({});
  });
  app.post("/resend", async (c) => {
    await resend(context, c, await readBody(c, resendBody));
    return c.json({});
  });
}
