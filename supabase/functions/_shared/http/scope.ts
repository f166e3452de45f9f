import type { Logger } from "../log/logger.ts";
import { corsHeaders } from "./cors.ts";
import { requestId } from "./request-id.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { traceContext, traceparent } from "./trace-context.ts";

/** What belongs to one request from its first moment, whatever becomes of it. */
export type RequestScope = {
  readonly requestId: string;
  readonly log: Logger;
  /** The path that clients see, percent-encoded as it came. */
  readonly instance: string;
  /** Headers of the answer, success or error. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** For the log: what the request turned out to be. */
  readonly outcome: { operation?: string; code?: string };
};

/** Where the platform serves functions; the functions themselves do not see this part. */
const PUBLIC_PREFIX = "/functions/v1";

/**
 * Opens the scope of a request. Everything that its answer must carry is decided here, before any
 * of the work, so that no way out of the function can miss it.
 */
export function openScope(
  request: Request,
  { corsOrigins, log }: { readonly corsOrigins: ReadonlySet<string>; readonly log: Logger },
): RequestScope {
  const { headers } = request;
  const id = requestId(headers.get("x-request-id"));
  const trace = traceContext(headers.get("traceparent"));
  return {
    requestId: id,
    log: log.child({ request_id: id, trace_id: trace.traceId, span_id: trace.spanId }),
    // Not the router's path: that one is decoded, and a decoded path is no URI.
    instance: `${PUBLIC_PREFIX}${new URL(request.url).pathname}`.slice(0, 2_048),
    headers: {
      ...SECURITY_HEADERS,
      ...corsHeaders(headers.get("origin"), corsOrigins),
      "x-request-id": id,
      traceparent: traceparent(trace),
    },
    startedAt: performance.now(),
    outcome: {},
  };
}
