import type { Hono } from "hono";
import type { AuthContext } from "../context.ts";
import { isEnabled } from "../oauth/providers.ts";
import type { AuthBindings } from "../request.ts";
import { emailEnabled } from "./signup.ts";

/** The providers that Supabase Auth lists in its settings. */
const PROVIDERS = [
  "apple",
  "azure",
  "bitbucket",
  "discord",
  "facebook",
  "figma",
  "fly",
  "github",
  "gitlab",
  "google",
  "kakao",
  "keycloak",
  "linkedin",
  "linkedin_oidc",
  "notion",
  "slack",
  "slack_oidc",
  "snapchat",
  "spotify",
  "twitch",
  "twitter",
  "workos",
  "x",
  "zoom",
] as const;

export function addInfo(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  const { config } = context;
  app.get("/health", (c) =>
    c.json({
      version: "local",
      name: "GoTrue",
      description: "GoTrue is a user registration and authentication API",
    }),
  );
  app.get("/settings", (c) =>
    c.json({
      external: {
        anonymous_users: false,
        ...Object.fromEntries(PROVIDERS.map((name) => [name, isEnabled(config, name)])),
        email: emailEnabled(context),
        phone: false,
        web3_ethereum: false,
        web3_solana: false,
      },
      disable_signup: !config.enable_signup,
      mailer_autoconfirm: !config.email.enable_confirmations,
      phone_autoconfirm: false,
      sms_provider: "",
      saml_enabled: false,
      passkeys_enabled: false,
    }),
  );
  app.get("/.well-known/jwks.json", (c) => {
    c.header("Cache-Control", "public, max-age=600");
    return c.json(context.keys.jwks);
  });
}
