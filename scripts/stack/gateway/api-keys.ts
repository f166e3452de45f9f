import { createHash, timingSafeEqual } from "node:crypto";

export type ApiKeyRole = "anon" | "service_role";

/** The platform's answer to a missing, unknown or misplaced API key. */
export interface KeyRefusal {
  readonly code: string;
  readonly body: { readonly message: string; readonly hint?: string };
}

export interface ApiKeys {
  readonly publishableKey: string;
  readonly secretKey: string;
}

const MISSING: KeyRefusal = {
  code: "UNAUTHORIZED_MISSING_API_KEY",
  body: {
    message: "No API key found in request",
    hint: "No `apikey` request header or url param was found.",
  },
};
const INVALID: KeyRefusal = {
  code: "UNAUTHORIZED_INVALID_API_KEY",
  body: { message: "Invalid API key", hint: "Double check your Supabase `apikey`" },
};
const SECRET_IN_BROWSER: KeyRefusal = {
  code: "UNAUTHORIZED_INVALID_API_KEY_TYPE",
  body: { message: "Forbidden use of secret API key in browser" },
};

/** Every browser says so, and no server-side HTTP client does. */
const BROWSER = /^\s*Mozilla\s*\/\s*5\s*\.\s*0/i;

const digest = (text: string) => createHash("sha256").update(text).digest();

function sameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The role that an `apikey` stands for, or why the request ends here. */
export function resolveApiKey(
  keys: ApiKeys,
  apiKey: string | null | undefined,
  userAgent: string | null | undefined,
): ApiKeyRole | KeyRefusal {
  if (!apiKey) return MISSING;
  if (sameKey(apiKey, keys.publishableKey)) return "anon";
  if (!sameKey(apiKey, keys.secretKey)) return INVALID;
  return userAgent && BROWSER.test(userAgent) ? SECRET_IN_BROWSER : "service_role";
}
