import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { answerFunctionError } from "./errors.ts";

/** A running function process. `agent` keeps its connections open between requests. */
export interface Upstream {
  readonly port: number;
  readonly agent: Agent;
}

export interface ForwardLimits {
  /** Silence of a function, in ms, after which the caller gets 504. */
  readonly idleTimeoutMs: number;
  readonly maxBodyBytes: number;
}

/** Headers that belong to one connection, and those that only this gateway may set. */
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "transfer-encoding",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
]);

export function createUpstream(port: number): Upstream {
  return { port, agent: new Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: "lifo" }) };
}

function keptHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    const value = raw[index + 1];
    if (name !== undefined && value !== undefined && !DROPPED.has(name.toLowerCase())) {
      kept.push(name, value);
    }
  }
  return kept;
}

function requestHeaders(req: IncomingMessage): string[] {
  const headers = keptHeaders(req.rawHeaders);
  const host = req.headers.host ?? "localhost";
  headers.push(
    "x-forwarded-for",
    req.socket.remoteAddress ?? "127.0.0.1",
    "x-forwarded-host",
    host.replace(/:\d+$/, ""),
    "x-forwarded-proto",
    "http",
    "x-forwarded-port",
    String(req.socket.localPort ?? 80),
  );
  if (req.headers["transfer-encoding"] !== undefined) headers.push("transfer-encoding", "chunked");
  return headers;
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** Passes the body on as it comes, and stops a body without length when it grows too large. */
function streamBody(
  req: IncomingMessage,
  res: ServerResponse,
  upstream: ClientRequest,
  limits: ForwardLimits,
): void {
  if (req.headers["content-length"] === undefined) {
    let bytes = 0;
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.maxBodyBytes) return;
      req.unpipe(upstream);
      upstream.destroy();
      answerFunctionError(res, "PAYLOAD_TOO_LARGE");
    });
  }
  req.pipe(upstream);
}

function passAnswer(answer: IncomingMessage, res: ServerResponse): void {
  if (res.destroyed) {
    answer.destroy();
    return;
  }
  res.writeHead(answer.statusCode ?? 502, answer.statusMessage, keptHeaders(answer.rawHeaders));
  // Half an answer must not look like a whole one.
  answer.once("aborted", () => res.destroy());
  answer.pipe(res);
}

const codeOf = (error: Error) => ("code" in error ? String(error.code) : "");

/**
 * Forwards one request to a function process and its answer back, both as streams. Nothing is
 * buffered, parsed or built anew: this is the hot path of every stack.
 */
export function forward(
  req: IncomingMessage,
  res: ServerResponse,
  target: Upstream,
  path: string,
  limits: ForwardLimits,
): void {
  if (Number(req.headers["content-length"] ?? 0) > limits.maxBodyBytes) {
    answerFunctionError(res, "PAYLOAD_TOO_LARGE");
    return;
  }
  const body = hasBody(req);
  let timedOut = false;
  const attempt = (mayRepeat: boolean) => {
    const upstream = request({
      host: "127.0.0.1",
      port: target.port,
      method: req.method,
      path,
      headers: requestHeaders(req),
      agent: target.agent,
      setDefaultHeaders: false,
    });
    const abandon = () => upstream.destroy();
    res.once("close", abandon);
    upstream.setTimeout(limits.idleTimeoutMs, () => {
      timedOut = true;
      upstream.destroy();
      answerFunctionError(res, "IDLE_TIMEOUT");
    });
    upstream.once("response", (answer) => passAnswer(answer, res));
    upstream.on("error", (error) => {
      res.removeListener("close", abandon);
      if (timedOut || res.writableEnded || res.destroyed) return;
      // A kept connection may have been closed by the function just now: that is no failure.
      if (mayRepeat && upstream.reusedSocket && !res.headersSent) attempt(false);
      else
        answerFunctionError(res, codeOf(error) === "ECONNREFUSED" ? "BOOT_ERROR" : "BAD_GATEWAY");
    });
    if (body) streamBody(req, res, upstream, limits);
    else upstream.end();
  };
  attempt(!body);
}
