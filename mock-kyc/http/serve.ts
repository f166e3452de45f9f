import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** Answers a request. `Response.error()` closes the connection without an answer. */
type Fetch = (request: Request) => Response | Promise<Response>;

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly fetch: Fetch;
  readonly maxBodyBytes: number;
  /** The answer to a larger body, which is not read to its end. */
  readonly tooLarge: () => Response;
}

export interface Served {
  readonly url: string;
  /** Ends every connection and resolves when the port is free. */
  close(): Promise<void>;
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: ServeOptions,
): Promise<Response> {
  const body = await readBody(incoming, options.maxBodyBytes);
  if (!body) return options.tooLarge();
  const { method = "GET" } = incoming;
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const request = new Request(new URL(incoming.url ?? "/", "http://mock-kyc"), {
    method,
    headers: headersOf(incoming),
    signal: gone.signal,
    ...(method === "GET" || method === "HEAD" ? {} : { body: Uint8Array.from(body) }),
  });
  return options.fetch(request);
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  const response = await answer(incoming, outgoing, options);
  if (response.type === "error") {
    incoming.socket.destroy();
    return;
  }
  const body = Buffer.from(await response.arrayBuffer());
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // A body that was not read to its end would be taken for the next request.
  if (!incoming.complete) headers.connection = "close";
  outgoing.writeHead(response.status, { ...headers, "content-length": body.length }).end(body);
}

/** Serves a fetch handler over Node's HTTP server. */
export async function serve(options: ServeOptions): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    // Only a broken connection or a request that is no HTTP ends here.
    handle(incoming, outgoing, options).catch(() => incoming.socket.destroy());
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(options.port, options.host, listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
