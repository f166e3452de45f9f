import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "./public-address.ts";

/** Where a webhook may be sent: a URL with addresses that have been checked. */
export type Target = {
  readonly isSecure: boolean;
  /** For the certificate; `null` where the URL names an address. */
  readonly serverName: string | null;
  /** To connect to one of these and to nothing else. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** For the `Host` header. */
  readonly host: string;
  /** Path and query, as they stand in the request line. */
  readonly path: string;
};

/** The addresses of a host name, all of them. */
export type Resolve = (hostName: string) => Promise<readonly string[]>;

/** What decides about URLs. */
export type TargetRules = {
  readonly resolve: Resolve;
  /** Development only: takes `http` and `https` URLs of this machine as well. */
  readonly allowLoopback: boolean;
};

/** A URL that may not be called; the message is for its owner. */
export class UnsafeUrlError extends Error {
  override readonly name = "UnsafeUrlError";
}

const HTTPS_PORT = 443;
/** Below it live mail, shells and name servers, which may take parts of a request for orders. */
const FIRST_FREE_PORT = 1_024;
const RESOLVE_TIMEOUT_MS = 5_000;

/**
 * Resolves and checks a URL. Every address of its name has to be a public one: a name with a public
 * and a private address is refused, whichever would be taken. Who sends connects to the addresses
 * that are returned, so a name that resolves to something else a moment later gains nothing.
 *
 * @throws UnsafeUrlError
 * @example const target = await findTarget("https://hooks.example.com/nff", rules);
 */
export async function findTarget(text: string, rules: TargetRules): Promise<Target> {
  const url = parse(text);
  const hostName = url.hostname.replace(/^\[|\]$/g, "");
  const isAddress = isIP(hostName) !== 0;
  const addresses = isAddress ? [hostName] : await resolveAll(hostName, rules.resolve);
  const isLocal = rules.allowLoopback && addresses.every(isLoopbackAddress);
  if (!isLocal && !addresses.every(isPublicAddress)) {
    throw new UnsafeUrlError("The host has an address that is not public.");
  }
  const isSecure = url.protocol === "https:";
  if (!isSecure && !isLocal) throw new UnsafeUrlError("The URL is not an https URL.");
  return {
    isSecure,
    serverName: isAddress ? null : hostName,
    addresses,
    port: portOf(url),
    host: url.host,
    path: `${url.pathname}${url.search}`,
  };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UnsafeUrlError("This is no https URL.");
  if (url.username !== "" || url.password !== "") {
    throw new UnsafeUrlError("The URL holds a user name or a password.");
  }
  if (text.includes("#")) throw new UnsafeUrlError("The URL has a fragment.");
  return url;
}

function portOf({ port, protocol }: URL): number {
  const number = port === "" ? (protocol === "https:" ? HTTPS_PORT : 80) : Number(port);
  if (number !== HTTPS_PORT && number < FIRST_FREE_PORT) {
    throw new UnsafeUrlError("The port is neither 443 nor above 1023.");
  }
  return number;
}

async function resolveAll(hostName: string, resolve: Resolve): Promise<readonly string[]> {
  const addresses = await inTime(resolve(hostName)).catch(() => []);
  if (addresses.length === 0) throw new UnsafeUrlError("The host name could not be resolved.");
  return addresses;
}

function inTime<Value>(work: Promise<Value>): Promise<Value> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("Too slow.")), RESOLVE_TIMEOUT_MS);
    work.then(done, fail).finally(() => clearTimeout(timer));
  });
}

/** Asks the system's resolver. */
export const resolveHost: Resolve = async (hostName) =>
  (await lookup(hostName, { all: true })).map(({ address }) => address);
