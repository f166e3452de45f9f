import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import {
  createFunctionProxy,
  type FunctionProxy,
} from "../../../../scripts/stack/gateway/functions/proxy.ts";
import { loadTokenKeys } from "../../../../scripts/stack/gateway/tokens/signing-key.ts";
import { createTokenVerifier } from "../../../../scripts/stack/gateway/tokens/verify.ts";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./platform.ts";

/** The platform's 150 s and 100 MiB, in small. */
const IDLE_MS = 300;
export const MAX_BODY = 64 * 1024;

/** What the function in this process saw. */
export const seen: { aborted: number; hits: number } = { aborted: 0, hits: 0 };

/** The whole body; of one that is broken off, what came. */
async function collect(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    seen.aborted += 1;
  }
  return Buffer.concat(chunks);
}

const BEHAVIOURS: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
  async echo(req, res) {
    const body = await collect(req);
    res.setHeader("content-type", "application/json");
    res.end(
      JSON.stringify({
        method: req.method,
        url: req.url,
        headers: req.headers,
        body: body.toString(),
      }),
    );
  },
  duplex(req, res) {
    req.on("data", (chunk) => res.write(`<${chunk}>`));
    req.on("end", () => res.end());
  },
  silent(req) {
    req.once("close", () => {
      seen.aborted += 1;
    });
  },
  stalls(_, res) {
    res.write("first");
  },
  dies(req) {
    req.socket.destroy();
  },
  half(_, res) {
    res.writeHead(200, { "content-length": "100" });
    res.write("half", () => res.destroy());
  },
  headers(_, res) {
    res.writeHead(
      418,
      "I am a teapot",
      [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-own", "yes"],
        ["connection", "keep-alive"],
      ].flat(),
    );
    res.end("tea");
  },
};

export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}

export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The gateway's proxy in front of a function that this process plays. */
export interface Front {
  readonly origin: string;
  readonly target: Server;
  readonly targetPort: number;
  readonly proxy: FunctionProxy;
  /** Signs tokens as the stack would. */
  readonly privateKey: CryptoKey;
  call(path: string, init?: RequestInit): Promise<Response>;
  dispose(): Promise<void>;
}

export const routes = (port: number) => [
  { name: "open", port, verifyJwt: false },
  { name: "guarded", port, verifyJwt: true },
  { name: "down", port: 1, verifyJwt: false },
];

function play(): Server {
  return createServer((req, res) => {
    seen.hits += 1;
    const behaviour = BEHAVIOURS[req.url?.split(/[/?]/)[2] ?? ""] ?? BEHAVIOURS.echo;
    behaviour?.(req, res);
  });
}

export async function startFront(): Promise<Front> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(privateKey);
  const keys = await loadTokenKeys({ kty: "EC", crv: "P-256", kid: "k", x, y, d });
  const proxy = createFunctionProxy(
    { publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY },
    createTokenVerifier(keys),
    { idleTimeoutMs: IDLE_MS, maxBodyBytes: MAX_BODY },
  );
  const target = play();
  const targetPort = await listen(target);
  proxy.setFunctions(routes(targetPort));
  const front = createServer(proxy.handle);
  const origin = `http://127.0.0.1:${await listen(front)}`;
  return {
    origin,
    target,
    targetPort,
    proxy,
    privateKey,
    call: (path, init) => fetch(`${origin}/functions/v1/${path}`, init),
    async dispose() {
      proxy.close();
      await Promise.all([front, target].map(close));
    },
  };
}

/** Status, code in the body and code in the header of a refusal. */
export async function refusal(response: Response) {
  const body = await response.json();
  return [response.status, body.code, response.headers.get("sb-error-code")];
}
