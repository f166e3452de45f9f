/** The platform lets every origin call its own services; functions answer for themselves. */
const ALLOWED_HEADERS =
  "authorization, apikey, content-type, x-client-info, x-upsert, x-metadata, cache-control, prefer, " +
  "range, range-unit, accept, accept-profile, content-profile, x-region, x-supabase-api-version, " +
  "x-retry-count, traceparent, tracestate, baggage, sentry-trace";
const EXPOSED_HEADERS =
  "Content-Range, Content-Location, Preference-Applied, Location, Link, X-Total-Count, " +
  "X-Supabase-Api-Version, sb-error-code";

export function preflight(request: Request): Response {
  const wanted = request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "Access-Control-Allow-Headers": wanted ?? ALLOWED_HEADERS,
      "Access-Control-Max-Age": "3600",
      Vary: "Access-Control-Request-Headers",
    },
  });
}

export const isPreflight = (request: Request) =>
  request.method === "OPTIONS" && request.headers.has("access-control-request-method");

export function withCors(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Access-Control-Allow-Origin", "*");
  headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  return new Response(response.body, { status: response.status, headers });
}
