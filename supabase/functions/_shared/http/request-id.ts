const ACCEPTED = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The id that names a request in its answer, in every log line and in problem documents.
 *
 * A caller's own id is kept only when it is harmless in a log; anything else is replaced, not
 * refused, because an id is a convenience.
 *
 * @example requestId(request.headers.get("x-request-id"));
 */
export function requestId(inbound: string | null): string {
  return inbound !== null && ACCEPTED.test(inbound)
    ? inbound
    : `req_${crypto.randomUUID().replaceAll("-", "")}`;
}
