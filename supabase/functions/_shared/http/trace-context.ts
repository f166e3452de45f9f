/** Where a request stands in a distributed trace (W3C Trace Context, level 1). */
export type TraceContext = {
  /** 32 lower-case hex digits, shared by everything the first caller set off. */
  readonly traceId: string;
  /** 16 lower-case hex digits; the span of this request. */
  readonly spanId: string;
  /** The caller's sampling decision, passed on unchanged. */
  readonly flags: string;
};

const FIELDS = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * Continues the caller's trace, or starts one. An invalid `traceparent` is ignored, never an error
 * (Trace Context, 4.3). Repeated headers arrive joined by a comma, so they fail the pattern and
 * restart the trace, as the standard asks.
 *
 * @example traceContext(request.headers.get("traceparent"));
 */
export function traceContext(traceparent: string | null): TraceContext {
  const spanId = randomHex(8);
  const match = FIELDS.exec(traceparent?.trim() ?? "");
  const [, version = "", traceId = "", parentId = "", flags = "", extra] = match ?? [];
  // Only versions after 00 may carry more fields, and ff is reserved as invalid.
  const readable = version !== "ff" && !(version === "00" && extra !== undefined);
  if (!match || !readable || traceId === NO_TRACE || parentId === NO_SPAN) {
    return { traceId: randomHex(16), spanId, flags: "00" };
  }
  return { traceId, spanId, flags };
}

/** The `traceparent` header for calls that this request makes. */
export function traceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

function randomHex(bytes: number): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) {
    hex += byte.toString(16).padStart(2, "0");
  }
  return hex;
}
