import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Target } from "./find-target.ts";
import { AnswerError, type AnswerHead, createAnswerReader } from "./read-answer.ts";

/** A request that got no answer; the message is for the log of deliveries and quotes nothing. */
export class PostError extends Error {
  override readonly name = "PostError";
}

/** What is posted. */
export type Post = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** How long one attempt may take, all in all, and how much of it getting a connection. */
export type PostLimits = { readonly timeoutMs: number; readonly connectTimeoutMs: number };

const LIMITS: PostLimits = { timeoutMs: 15_000, connectTimeoutMs: 5_000 };
/** Of many addresses a few tell enough about whether somebody is there. */
const MAX_ADDRESSES = 3;

/**
 * Posts to a checked target over a connection of its own and follows nothing. `fetch` would resolve
 * the name again and might get another address than the one that was checked, so this speaks HTTP/1.1
 * over a socket to that address; the certificate is checked against the name.
 *
 * @throws PostError
 */
export async function postMessage(
  target: Target,
  post: Post,
  { timeoutMs, connectTimeoutMs }: PostLimits = LIMITS,
): Promise<AnswerHead> {
  const deadline = Date.now() + timeoutMs;
  const socket = await open(target, Math.min(timeoutMs, connectTimeoutMs), deadline);
  try {
    return await exchange(socket, requestOf(target, post), deadline);
  } finally {
    socket.destroy();
  }
}

/** One address after the other, until somebody answers. */
async function open(target: Target, timeoutMs: number, deadline: number): Promise<Socket> {
  let failure = new PostError("There is no address to connect to.");
  for (const address of target.addresses.slice(0, MAX_ADDRESSES)) {
    const left = Math.min(timeoutMs, deadline - Date.now());
    if (left <= 0) break;
    try {
      return await openOne(target, address, left);
    } catch (error) {
      failure = error instanceof PostError ? error : failure;
    }
  }
  throw failure;
}

function openOne(target: Target, address: string, timeoutMs: number): Promise<Socket> {
  const { isSecure, serverName, port } = target;
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const socket = isSecure
      ? connectTls({
          host: address,
          port,
          ...(serverName !== null && { servername: serverName }),
          ALPNProtocols: ["http/1.1"],
          minVersion: "TLSv1.2",
        })
      : connectTcp({ host: address, port });
    const fail = (message: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new PostError(message));
    };
    const timer = setTimeout(() => fail("No connection in time."), timeoutMs);
    socket.once("connect", () => {
      isConnected = true;
    });
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      // Whoever reads next listens; until then an error must not end the process.
      socket.on("error", () => {});
      resolve(socket);
    });
    socket.once("error", (error) => fail(reasonOf(error, isSecure && isConnected)));
  });
}

function reasonOf(error: Error, isTls: boolean): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL|TIMEDOUT)$/.test(code)) {
    return "No connection to the receiver.";
  }
  if (/CERT|ALTNAME|SIGNATURE|ISSUER/.test(code) || /certificate|altname/i.test(error.message)) {
    return "The certificate of the receiver is not valid.";
  }
  return isTls ? "No TLS connection to the receiver." : "No connection to the receiver.";
}

function requestOf({ path, host }: Target, { headers, body }: Post): Uint8Array[] {
  const content = new TextEncoder().encode(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${content.byteLength}`,
    "Connection: close",
  ];
  return [new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`), content];
}

/** The head decides, so an end or an error in the body no longer matters. */
function exchange(
  socket: Socket,
  request: readonly Uint8Array[],
  deadline: number,
): Promise<AnswerHead> {
  return new Promise((resolve, reject) => {
    const reader = createAnswerReader();
    const end = (failure: string) => {
      clearTimeout(timer);
      const head = reader.head();
      if (head) resolve(head);
      else reject(new PostError(failure));
    };
    const timer = setTimeout(() => end("No answer in time."), Math.max(0, deadline - Date.now()));
    socket.on("data", (chunk: Uint8Array) => {
      try {
        if (reader.push(chunk)) end("");
      } catch (error) {
        end(error instanceof AnswerError ? "The answer is not HTTP." : "The answer is unreadable.");
      }
    });
    socket.on("error", () => end("The connection broke."));
    socket.on("close", () => end("The connection was closed without an answer."));
    for (const part of request) socket.write(part);
  });
}
