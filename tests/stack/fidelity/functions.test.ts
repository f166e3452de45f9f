import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createFunctionProxy,
  type FunctionProxy,
} from "../../../scripts/stack/gateway/functions/proxy.ts";
import { loadTokenKeys } from "../../../scripts/stack/gateway/tokens/signing-key.ts";
import { createTokenVerifier } from "../../../scripts/stack/gateway/tokens/verify.ts";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./lib/platform.ts";

const IDLE_MS = 300;
const MAX_BODY = 64 * 1024;

/** A function in this process, so that the tests see what reaches it. */
const seen: { aborted: number; hits: number } = { aborted: 0, hits: 0 };

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

let target: Server;
let front: Server;
let origin: string;
let proxy: FunctionProxy;
let token: string;
const { privateKey } = await generateKeyPair("ES256", { extractable: true });

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}

const routes = (port: number) => [
  { name: "open", port, verifyJwt: false },
  { name: "guarded", port, verifyJwt: true },
  { name: "down", port: 1, verifyJwt: false },
];

beforeAll(async () => {
  target = createServer((req, res) => {
    seen.hits += 1;
    const behaviour = BEHAVIOURS[req.url?.split(/[/?]/)[2] ?? ""] ?? BEHAVIOURS.echo;
    behaviour?.(req, res);
  });
  const jwk = await exportJWK(privateKey);
  const keys = await loadTokenKeys({
    kty: "EC",
    crv: "P-256",
    kid: "k",
    x: jwk.x ?? "",
    y: jwk.y ?? "",
    d: jwk.d ?? "",
  });
  token = await new SignJWT({ role: "authenticated", sub: crypto.randomUUID() })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setExpirationTime("1h")
    .sign(privateKey);
  proxy = createFunctionProxy(
    { publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY },
    createTokenVerifier(keys),
    { idleTimeoutMs: IDLE_MS, maxBodyBytes: MAX_BODY },
  );
  proxy.setFunctions(routes(await listen(target)));
  front = createServer(proxy.handle);
  origin = `http://127.0.0.1:${await listen(front)}`;
});
afterAll(async () => {
  proxy.close();
  for (const server of [front, target]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const call = (path: string, init?: RequestInit) => fetch(`${origin}/functions/v1/${path}`, init);

async function refusal(response: Response) {
  const body = await response.json();
  return [response.status, body.code, response.headers.get("sb-error-code")];
}

describe("what reaches a function", () => {
  test("the path starts with its name; method, query, headers and body are the caller's", async () => {
    const response = await call("open/echo/a%20b?x=1&x=2", {
      method: "PATCH",
      headers: {
        "x-custom": "yes",
        authorization: "Bearer something",
        "content-type": "text/plain",
      },
      body: "hello",
    });
    expect(await response.json()).toMatchObject({
      method: "PATCH",
      url: "/open/echo/a%20b?x=1&x=2",
      body: "hello",
      headers: { "x-custom": "yes", authorization: "Bearer something", "content-length": "5" },
    });
  });

  test("who called is the gateway's word, not the caller's", async () => {
    const response = await call("open/echo", {
      headers: {
        "x-forwarded-for": "10.9.8.7",
        "x-forwarded-host": "evil",
        "x-forwarded-proto": "https",
      },
    });
    const { headers } = await response.json();
    expect(headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-port": new URL(origin).port,
      host: new URL(origin).host,
    });
  });

  test("a body without length arrives as a stream, while it is being sent", async () => {
    const outgoing = request(`${origin}/functions/v1/open/duplex`, { method: "POST" });
    outgoing.write("one");
    const [incoming] = await once(outgoing, "response");
    const [first] = await once(incoming, "data");
    expect(String(first)).toBe("<one>");
    outgoing.write("two");
    const [second] = await once(incoming, "data");
    expect(String(second)).toBe("<two>");
    outgoing.end();
    await once(incoming, "end");
  });
});

describe("what comes back", () => {
  test("status, reason, repeated headers and body are the function's", async () => {
    const response = await call("open/headers");
    expect([response.status, response.statusText, await response.text()]).toEqual([
      418,
      "I am a teapot",
      "tea",
    ]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("x-own")).toBe("yes");
  });

  test("the platform adds no CORS headers to what a function answers", async () => {
    const response = await call("open/headers");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("half an answer is a broken one", async () => {
    await expect(call("open/half").then((response) => response.text())).rejects.toThrow();
  });
});

describe("verify_jwt = true", () => {
  test.each([
    ["a user token", () => ({ authorization: `Bearer ${token}` })],
    ["a publishable key", () => ({ apikey: PUBLISHABLE_KEY })],
    ["a secret key", () => ({ apikey: SECRET_KEY })],
    [
      "supabase-js without a user",
      () => ({ apikey: PUBLISHABLE_KEY, authorization: `Bearer ${PUBLISHABLE_KEY}` }),
    ],
  ])("lets %s through", async (_, headers) => {
    expect((await call("guarded/echo", { headers: headers() })).status).toBe(200);
  });

  const sign = (alg: string, kid: string, expires = "1h") =>
    new SignJWT({ role: "authenticated" })
      .setProtectedHeader({ alg, kid })
      .setExpirationTime(expires);

  test.each([
    ["nothing", async () => ({}), "UNAUTHORIZED_NO_AUTH_HEADER"],
    ["an unknown key", async () => ({ apikey: "sb_publishable_x" }), "UNAUTHORIZED_NO_AUTH_HEADER"],
    [
      "something that is no token",
      async () => ({ authorization: "Bearer nonsense" }),
      "UNAUTHORIZED_INVALID_JWT_FORMAT",
    ],
    [
      "an expired token",
      async () => ({ authorization: `Bearer ${await sign("ES256", "k", "-1s").sign(privateKey)}` }),
      "UNAUTHORIZED_ASYMMETRIC_JWT",
    ],
    [
      "another key's token",
      async () => {
        const other = await generateKeyPair("ES256");
        return { authorization: `Bearer ${await sign("ES256", "k").sign(other.privateKey)}` };
      },
      "UNAUTHORIZED_ASYMMETRIC_JWT",
    ],
    [
      "a legacy token",
      async () => ({
        authorization: `Bearer ${await sign("HS256", "k").sign(new TextEncoder().encode("super-secret-jwt-token-with-at-least-32-characters-long"))}`,
      }),
      "UNAUTHORIZED_LEGACY_JWT",
    ],
    [
      "an invalid token beside a good key",
      async () => ({ apikey: SECRET_KEY, authorization: "Bearer a.b.c" }),
      "UNAUTHORIZED_INVALID_JWT_FORMAT",
    ],
  ])("%s: 401 with the reason, and the function is not called", async (_, headers, code) => {
    const before = seen.hits;
    const response = await call("guarded/echo", { headers: await headers() });
    expect(await refusal(response)).toEqual([401, code, code]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(seen.hits).toBe(before);
  });

  test("a preflight is the function's own business", async () => {
    expect((await call("guarded/echo", { method: "OPTIONS" })).status).toBe(200);
  });
});

describe("when there is no answer", () => {
  test("an unknown function: 404 NOT_FOUND", async () => {
    for (const path of ["nope", "nope/x", "", "open%2Fx"]) {
      expect(await refusal(await call(path))).toEqual([404, "NOT_FOUND", "NOT_FOUND"]);
    }
  });

  test("a function that does not run: 503 BOOT_ERROR", async () => {
    expect(await refusal(await call("down"))).toEqual([503, "BOOT_ERROR", "BOOT_ERROR"]);
  });

  test("a function that breaks off: 502", async () => {
    expect(await refusal(await call("open/dies", { method: "POST", body: "x" }))).toEqual([
      502,
      "BAD_GATEWAY",
      "BAD_GATEWAY",
    ]);
  });

  test("silence longer than the limit: 504, and the function learns of it", async () => {
    const before = seen.aborted;
    expect(await refusal(await call("open/silent"))).toEqual([504, "IDLE_TIMEOUT", "IDLE_TIMEOUT"]);
    await vi.waitUntil(() => seen.aborted > before, 5_000);
  });

  test("silence within an answer ends it", async () => {
    await expect(call("open/stalls").then((response) => response.text())).rejects.toThrow();
  });

  test("a caller that goes away is announced to the function", async () => {
    const before = seen.aborted;
    const controller = new AbortController();
    const hits = seen.hits;
    const pending = call("open/silent", { signal: controller.signal });
    await vi.waitUntil(() => seen.hits > hits, 5_000);
    controller.abort();
    await expect(pending).rejects.toThrow();
    await vi.waitUntil(() => seen.aborted > before, 5_000);
  });

  test("a body over the limit: 413 before the function is called, or while it comes", async () => {
    const before = seen.hits;
    const announced = await call("open/echo", { method: "POST", body: "x".repeat(MAX_BODY + 1) });
    expect(await refusal(announced)).toEqual([413, "PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"]);
    expect(seen.hits).toBe(before);
    const body = new Blob(["x".repeat(MAX_BODY + 1)]).stream();
    const init = { method: "POST", body, duplex: "half" };
    expect((await call("open/echo", init)).status).toBe(413);
  });
});

describe("a function that starts again on another port", () => {
  test("is found there; the others keep their connections", async () => {
    const second = createServer((_, res) => res.end("second"));
    const port = await listen(second);
    const address = target.address();
    const first = typeof address === "object" && address ? address.port : 0;
    proxy.setFunctions([...routes(first).slice(1), { name: "open", port, verifyJwt: false }]);
    expect(await (await call("open")).text()).toBe("second");
    proxy.setFunctions(routes(first));
    expect((await call("open/headers")).status).toBe(418);
    second.closeAllConnections();
    await new Promise((resolve) => second.close(resolve));
  });

  test("a kept connection that was closed meanwhile costs no request", async () => {
    expect((await call("open/echo")).status).toBe(200);
    target.closeAllConnections();
    const answers = await Promise.all(Array.from({ length: 10 }, () => call("open/echo")));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});

test("two requests on one connection, one after the other", async () => {
  const { port } = new URL(origin);
  const socket = connect(Number(port), "127.0.0.1");
  const get = `GET /functions/v1/open/headers HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(get + get);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await vi.waitUntil(() => text.split("418 I am a teapot").length === 3, 5_000);
  socket.destroy();
});
