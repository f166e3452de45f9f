import { z } from "zod";
import type { AuthToml } from "../../config-toml.ts";
import { badRequest } from "../errors.ts";
import { fetchJson } from "./fetch-json.ts";

/** The providers that the local stack can talk to; the others are for hosted projects. */
const RUNNABLE_PROVIDERS = ["google", "keycloak"] as const;
export type ProviderName = (typeof RUNNABLE_PROVIDERS)[number];

export interface Endpoints {
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
  readonly jwks: string;
}

export interface Provider {
  readonly name: ProviderName;
  readonly clientId: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly skipNonceCheck: boolean;
  readonly emailOptional: boolean;
  endpoints(): Promise<Endpoints>;
}

const GOOGLE_ISSUER = "https://accounts.google.com";
export const DEFAULT_SCOPES = ["openid", "email", "profile"];

const discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  userinfo_endpoint: z.url(),
  jwks_uri: z.url(),
});

async function discover(issuer: string): Promise<Endpoints> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const found = discovery.parse(await fetchJson(url));
  if (found.issuer !== issuer) throw new Error(`${url} names another issuer: ${found.issuer}`);
  return {
    issuer,
    authorization: found.authorization_endpoint,
    token: found.token_endpoint,
    userinfo: found.userinfo_endpoint,
    jwks: found.jwks_uri,
  };
}

function keycloakEndpoints(url: string): Endpoints {
  const issuer = url.replace(/\/$/, "");
  const base = `${issuer}/protocol/openid-connect`;
  return {
    issuer,
    authorization: `${base}/auth`,
    token: `${base}/token`,
    userinfo: `${base}/userinfo`,
    jwks: `${base}/certs`,
  };
}

const isRunnable = (name: string): name is ProviderName =>
  RUNNABLE_PROVIDERS.some((runnable) => runnable === name);

const unsupported = (reason: string) =>
  badRequest("validation_failed", `Unsupported provider: ${reason}`);

export interface ProviderOptions {
  readonly config: AuthToml;
  readonly externalUrl: string;
  /** Where Google is, for stacks that have a provider of their own in its place. */
  readonly googleIssuer: string | undefined;
}

export type FindProvider = (name: string) => Provider;

export function isEnabled({ external }: AuthToml, name: string): boolean {
  return isRunnable(name) && external[name]?.enabled === true;
}

/** Finds a provider that config.toml turns on; throws what Supabase Auth answers for others. */
export function createProviders(options: ProviderOptions): FindProvider {
  const { config, externalUrl, googleIssuer = GOOGLE_ISSUER } = options;
  let google: Promise<Endpoints> | undefined;
  return (name) => {
    const settings = config.external[name];
    if (!settings?.enabled) throw unsupported("provider is not enabled");
    if (!isRunnable(name)) throw unsupported(`the local stack does not run ${name}`);
    if (settings.client_id === "") throw unsupported("missing OAuth client ID");
    if (settings.secret === "") throw unsupported("missing OAuth secret");
    if (name === "keycloak" && !URL.canParse(settings.url)) throw unsupported("missing URL");
    return {
      name,
      clientId: settings.client_id,
      secret: settings.secret,
      redirectUri: settings.redirect_uri || `${externalUrl}/callback`,
      skipNonceCheck: settings.skip_nonce_check,
      emailOptional: settings.email_optional,
      async endpoints() {
        if (name === "keycloak") return keycloakEndpoints(settings.url);
        google ??= discover(googleIssuer);
        try {
          return await google;
        } catch (error) {
          // Asked again next time: the provider may be back by then.
          google = undefined;
          throw error;
        }
      },
    };
  };
}
