import { createRemoteJWKSet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { logProblem } from "../../log.ts";
import { AuthError } from "../errors.ts";
import { fetchJson } from "./fetch-json.ts";
import { type ProviderClaims, parseClaims, verifyIdToken } from "./id-token.ts";
import type { Endpoints, Provider } from "./providers.ts";

const tokens = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().optional(),
  id_token: z.string().min(1),
});

export interface ProviderAnswer {
  readonly claims: ProviderClaims;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** The keys are fetched again when a token names one that is not known. */
const keySets = new Map<string, JWTVerifyGetKey>();

function keysOf(url: string): JWTVerifyGetKey {
  const known = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, known);
  return known;
}

/** RFC 6749 2.3.1: both parts are form-encoded first. */
function basic({ clientId, secret }: Provider): string {
  const pair = [clientId, secret].map(encodeURIComponent).join(":");
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

async function askUserinfo(endpoints: Endpoints, accessToken: string): Promise<ProviderClaims> {
  const headers = { Authorization: `Bearer ${accessToken}` };
  return parseClaims(await fetchJson(endpoints.userinfo, { headers }));
}

/**
 * Exchanges the provider's code for tokens and reads who signed in. The ID token says who; userinfo adds
 * to it, and has to speak of the same person.
 *
 * @throws AuthError with one fixed sentence; the cause goes to the log.
 */
export async function exchangeProviderCode(
  provider: Provider,
  code: string,
  { verifier, nonce }: { readonly verifier: string; readonly nonce: string },
): Promise<ProviderAnswer> {
  try {
    const endpoints = await provider.endpoints();
    const answer = tokens.parse(
      await fetchJson(endpoints.token, {
        method: "POST",
        headers: { Authorization: basic(provider) },
        body: new URLSearchParams({
          grant_type: "authorization_code",
          code,
          redirect_uri: provider.redirectUri,
          code_verifier: verifier,
        }),
      }),
    );
    const proved = await verifyIdToken(answer.id_token, keysOf(endpoints.jwks), {
      issuer: endpoints.issuer,
      clientId: provider.clientId,
      nonce: provider.skipNonceCheck ? undefined : nonce,
    });
    const more = await askUserinfo(endpoints, answer.access_token);
    if (more.sub !== proved.sub) throw new Error("userinfo speaks of somebody else");
    return {
      claims: { ...more, ...proved },
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
    };
  } catch (error) {
    logProblem(`auth: ${provider.name}`, error);
    throw new AuthError(500, "unexpected_failure", "Unable to exchange external code");
  }
}
