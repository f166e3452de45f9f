import { type ApiKeyRole, type ApiKeys, type KeyRefusal, resolveApiKey } from "./api-keys.ts";
import type { CallerClaims } from "./tokens/claims.ts";
import { TokenError, type VerifyToken } from "./tokens/verify.ts";

/** Who a request acts as, seen from the Data API and Storage. */
export interface Caller {
  /** What the API key stands for; undefined when none, or no valid one, was sent. */
  readonly key: ApiKeyRole | undefined;
  readonly role: string;
  /** The claims of the user token, or the bare role of the API key; null when there is neither. */
  readonly claims: CallerClaims | null;
}

type CallerResult =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: KeyRefusal }
  | { readonly ok: false; readonly token: TokenError };

export interface Credentials {
  readonly apiKey: string | null;
  readonly authorization: string | null;
  readonly userAgent: string | null;
}

export function credentialsOf(request: Request): Credentials {
  const { headers } = request;
  return {
    apiKey: headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey"),
    authorization: headers.get("authorization"),
    userAgent: headers.get("user-agent"),
  };
}

/**
 * The bearer token that stands for a user. supabase-js sends the API key as bearer too; that one is
 * not a token, and the gateway of the platform drops it when both are equal.
 */
function userTokenOf({ authorization, apiKey }: Credentials): string | undefined {
  const token = /^Bearer\s+(.+)$/i.exec(authorization ?? "")?.[1]?.trim();
  return token === undefined || token === apiKey ? undefined : token;
}

export type IdentifyCaller = (
  credentials: Credentials,
  keyPolicy: "required" | "optional",
) => Promise<CallerResult>;

/** Turns API key and user token into the role and claims that a service works with. */
export function createCallerIdentifier(keys: ApiKeys, verify: VerifyToken): IdentifyCaller {
  return async (credentials, keyPolicy) => {
    const key = resolveApiKey(keys, credentials.apiKey, credentials.userAgent);
    const refused = typeof key !== "string";
    if (refused && (keyPolicy === "required" || key.code.endsWith("KEY_TYPE"))) {
      return { ok: false, refusal: key };
    }
    const keyRole = refused ? undefined : key;
    const token = userTokenOf(credentials);
    if (token === undefined) {
      const claims = keyRole === undefined ? null : { role: keyRole };
      return { ok: true, caller: { key: keyRole, role: keyRole ?? "anon", claims } };
    }
    try {
      const claims = await verify(token);
      return { ok: true, caller: { key: keyRole, role: claims.role, claims } };
    } catch (error) {
      if (error instanceof TokenError) return { ok: false, token: error };
      throw error;
    }
  };
}
