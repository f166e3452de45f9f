/** What a request brings along to say who sends it; nothing of it is checked yet. */
export type Credentials = {
  /** The `Authorization` header: absent, a bearer credential, or something we cannot read. */
  readonly bearer:
    | { readonly kind: "absent" }
    | { readonly kind: "malformed" }
    | { readonly kind: "publishable_key"; readonly value: string }
    | { readonly kind: "machine_key"; readonly value: string }
    | { readonly kind: "token"; readonly value: string };
  /** The `apikey` header. */
  readonly apiKey: string | null;
};

/**
 * Reads the credentials of a request. Only headers count: a credential in a query string would end
 * up in logs and histories, so it is not even looked for.
 *
 * supabase-js sends its publishable key as bearer token while nobody is signed in. It names a client
 * and not a person, so it is told apart here instead of failing later as a broken token.
 */
export function extractCredentials(headers: Headers): Credentials {
  return { bearer: readBearer(headers.get("authorization")), apiKey: headers.get("apikey") };
}

function readBearer(header: string | null): Credentials["bearer"] {
  if (header === null) return { kind: "absent" };
  const value = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header)?.[1];
  if (value === undefined) return { kind: "malformed" };
  if (value.startsWith("sb_publishable_")) return { kind: "publishable_key", value };
  if (value.startsWith("nffk_")) return { kind: "machine_key", value };
  return { kind: "token", value };
}
