import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** What came of one HTTP request. */
export interface Reply {
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly answer: string | null;
  readonly error: string | null;
}

/** How long a receiver may take, in milliseconds of real time. */
const TIMEOUT_MS = 5000;
const MAX_SOCKETS = 64;
const KEPT_CHARACTERS = 1000;

/** Sends webhooks over connections that stay open. */
export class Transport {
  // Connections that idle longer than the usual server keeps them would only fail on the next use.
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: 4000 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: 4000 });

  /** Posts a body; resolves whatever happens. Redirects are not followed. */
  async post(url: string, headers: Record<string, string>, body: string): Promise<Reply> {
    const first = await this.#try(url, headers, body);
    // The receiver may close an idle connection just as it is used again; that says nothing about it.
    return first === "connection lost" ? this.#last(url, headers, body) : first;
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #last(url: string, headers: Record<string, string>, body: string): Promise<Reply> {
    const reply = await this.#try(url, headers, body);
    return reply === "connection lost" ? failed("the connection was lost twice") : reply;
  }

  #try(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<Reply | "connection lost"> {
    const secure = url.startsWith("https:");
    const { promise, resolve } = Promise.withResolvers<Reply | "connection lost">();
    const request = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: "POST",
        agent: secure ? this.#https : this.#http,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
      },
      (response) => read(response, resolve),
    );
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("error", (error) => {
      const lost = request.reusedSocket && "code" in error && error.code === "ECONNRESET";
      resolve(lost ? "connection lost" : failed(error.message));
    });
    request.on("close", () => {
      clearTimeout(timer);
      resolve(failed("the connection was closed"));
    });
    request.end(body);
    return promise;
  }
}

function failed(error: string): Reply {
  return { status: null, answer: null, error };
}

function read(response: IncomingMessage, resolve: (reply: Reply) => void): void {
  let answer = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    if (answer.length < KEPT_CHARACTERS) answer += chunk;
  });
  response.on("error", (error) => resolve(failed(error.message)));
  response.on("end", () => {
    resolve({
      status: response.statusCode ?? null,
      answer: answer.slice(0, KEPT_CHARACTERS),
      error: null,
    });
  });
}
