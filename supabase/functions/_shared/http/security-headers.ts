/**
 * The headers of every answer, success or error (OWASP REST cheat sheet and Secure Headers project).
 * Nothing here is a document for a browser, so the policy allows nothing. `no-store` is the default
 * because almost every answer is personal; the few public documents overwrite it.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
