import type { Hono } from "hono";
import { z } from "zod";
import type { AuthContext } from "../context.ts";
import { badRequest, unprocessable, validationFailed } from "../errors.ts";
import { jsonMap } from "../json.ts";
import { requireStrongPassword } from "../passwords.ts";
import { challengeOf, pkceFields } from "../pkce.ts";
import { redirectTarget } from "../redirects.ts";
import {
  type AuthBindings,
  clientOf,
  normalizeEmail,
  optionalText,
  readBody,
  wantedRedirect,
} from "../request.ts";
import { signUpWithEmail } from "../sign-up.ts";

const body = z.object({
  email: optionalText,
  phone: optionalText,
  password: optionalText,
  data: jsonMap.nullish(),
  ...pkceFields,
});

export const emailEnabled = ({ config }: AuthContext) =>
  config.email.enabled ?? config.email.enable_signup ?? true;

function requireSignUpAllowed(context: AuthContext, input: z.output<typeof body>): void {
  if (!context.config.enable_signup) {
    throw unprocessable("signup_disabled", "Signups not allowed for this instance");
  }
  if (!input.email && !input.phone) {
    throw unprocessable("anonymous_provider_disabled", "Anonymous sign-ins are disabled");
  }
  if (!input.password) throw validationFailed("Signup requires a valid password");
  if (input.email && input.phone) {
    throw validationFailed("Only an email address or phone number should be provided on signup.");
  }
  if (input.phone) throw badRequest("phone_provider_disabled", "Phone signups are disabled");
  if (!emailEnabled(context)) {
    throw badRequest("email_provider_disabled", "Email signups are disabled");
  }
}

export function addSignup(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.post("/signup", async (c) => {
    const input = await readBody(c, body);
    requireSignUpAllowed(context, input);
    const password = input.password ?? "";
    requireStrongPassword(password, context.config);
    const answer = await signUpWithEmail(context, {
      email: normalizeEmail(input.email ?? ""),
      password,
      data: input.data ?? {},
      link: {
        redirectTo: redirectTarget(context.config, wantedRedirect(c), c.req.header("referer")),
        challenge: challengeOf(input),
      },
      client: clientOf(c),
    });
    return c.json(answer);
  });
}
