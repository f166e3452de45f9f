import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import { Webhook } from "standardwebhooks";
import type { Certificate } from "./certificate.ts";

/** A request that came. */
export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** A customer's server. */
export type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** What it answers from now on. */
  answer(response: (response: ServerResponse) => void): void;
};

export type ReceiverOptions = {
  /** With it the server speaks https, and its name is that of the certificate. */
  readonly certificate?: Certificate;
  readonly hostName?: string;
};

/** Starts a server that answers 204 until told otherwise. */
export async function startReceiver({
  certificate,
  hostName = "127.0.0.1",
}: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  let respond = (response: ServerResponse) => {
    response.writeHead(204).end();
  };
  const server = certificate ? createHttps({ ...certificate }) : createHttp();
  server.on("request", (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      received.push({ method, path, headers, body });
      respond(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `${certificate ? "https" : "http"}://${hostName}:${port}/hooks`,
    port,
    received,
    answer: (response) => {
      respond = response;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Verifies a request as a customer does, with the official library; returns the message. */
export function verified({ headers, body }: Received, secret: string): Record<string, unknown> {
  const message: unknown = new Webhook(secret).verify(body, {
    "webhook-id": String(headers["webhook-id"]),
    "webhook-timestamp": String(headers["webhook-timestamp"]),
    "webhook-signature": String(headers["webhook-signature"]),
  });
  if (typeof message !== "object" || message === null) throw new Error("This is no message.");
  return { ...message };
}
