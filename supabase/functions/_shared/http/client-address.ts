/**
 * Where a request comes from, as the nearest proxy says. A client can write any header, but not what
 * the proxy adds to it: of the list in `X-Forwarded-For` only the last entry is the proxy's own.
 *
 * Whether a proxy can be believed depends on the deployment: see `CLIENT_ADDRESS_HEADER` in
 * `.env.example`. What is not an address fits no network, so nothing is checked here.
 *
 * @param header name of the header, in any case
 * @returns `null` when the header is missing
 * @example clientAddress(request.headers, "x-forwarded-for"); // "203.0.113.7"
 */
export function clientAddress(headers: Headers, header: string): string | null {
  const last = headers.get(header)?.split(",").at(-1)?.trim();
  return last === undefined || last === "" ? null : last;
}
