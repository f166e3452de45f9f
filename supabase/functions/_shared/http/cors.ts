const ALLOWED_HEADERS =
  "authorization, apikey, content-type, idempotency-key, if-match, if-none-match, api-version, traceparent, tracestate, x-client-info, x-device-id, x-request-id";
const EXPOSED_HEADERS =
  "ETag, Location, Link, Retry-After, Deprecation, Sunset, Idempotent-Replayed, X-Request-Id, WWW-Authenticate";
/** Browsers keep a preflight answer this long; Chrome allows no more than two hours. */
const MAX_AGE_SECONDS = 7200;

/**
 * The CORS headers of an answer, errors included. Origins are compared as whole strings with the
 * list in `CORS_ORIGINS`: no pattern, no suffix and no echo of an unknown origin. Credentials are
 * never allowed, because the API takes none that a browser would add by itself.
 *
 * @example corsHeaders("https://app.example.com", new Set(["https://app.example.com"]));
 */
export function corsHeaders(
  origin: string | null,
  allowed: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  // Without `Vary`, a cache could give one origin the answer that was made for another.
  if (origin === null || !allowed.has(origin)) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED_HEADERS,
  };
}

/** The further headers that answer a preflight from an allowed origin. */
export function preflightHeaders(methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": String(MAX_AGE_SECONDS),
  };
}

/** Whether a request is a browser's question and not a call. */
export function isPreflight(request: Request): boolean {
  return (
    request.method === "OPTIONS" &&
    request.headers.has("origin") &&
    request.headers.has("access-control-request-method")
  );
}
