import { createServer, type Server, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDeliverMessage } from "../../../../supabase/functions/_shared/webhooks/deliver-message.ts";
import type { Resolve } from "../../../../supabase/functions/_shared/webhooks/find-target.ts";
import { newWebhookSecret } from "../../../../supabase/functions/_shared/webhooks/sign-message.ts";
import { type Authority, createAuthority } from "../../../helpers/certificate.ts";
import { type Receiver, startReceiver, verified } from "../../../helpers/webhook-receiver.ts";

const LIMITS = { timeoutMs: 1_000, connectTimeoutMs: 500 };
const here: Resolve = async () => ["127.0.0.1"];
const secret = newWebhookSecret();

const deliver = (url: string, resolve = here, limits = LIMITS) =>
  createDeliverMessage(
    { resolve, allowLoopback: true },
    limits,
  )({
    message_id: "019a9f43-6f00-7a11-8b22-334455667788",
    url,
    secrets: [secret],
    body: '{"type" : "kyc.approved", "data" : {"text" : "ü"}}',
  });

let authority: Authority;
const before = getCACertificates("default");
beforeAll(() => {
  authority = createAuthority();
  setDefaultCACertificates([...before, authority.cert]);
});
afterAll(() => setDefaultCACertificates(before));

async function receiver(hostName?: string): Promise<Receiver> {
  const started = await startReceiver(
    hostName === undefined ? {} : { certificate: authority.issue(hostName), hostName },
  );
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** A server that does with a connection what it is told to. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://hooks.example.com:${typeof address === "object" && address ? address.port : 0}/x`;
}
const answering = (text: string) =>
  rawServer((socket) => {
    socket.on("data", () => socket.end(text));
  });

describe("over TLS", () => {
  test("the official library verifies what arrives, byte for byte", async () => {
    const hooks = await receiver("hooks.example.com");
    const attempt = await deliver(hooks.url);
    expect(attempt).toMatchObject({ status: 204, error: null, retryAfterSeconds: null });
    expect(attempt.durationMs).toBeLessThan(1_000);
    const [request] = hooks.received;
    if (!request) throw new Error("Nothing arrived.");
    expect(verified(request, secret)).toEqual({ type: "kyc.approved", data: { text: "ü" } });
    expect(request).toMatchObject({ method: "POST", path: "/hooks" });
    expect(request.headers).toMatchObject({
      host: `hooks.example.com:${hooks.port}`,
      "content-type": "application/json",
      "webhook-id": "019a9f43-6f00-7a11-8b22-334455667788",
    });
  });

  test("[SSRF-02] the certificate has to be for the name, though an address is connected to", async () => {
    const hooks = await receiver("other.example.com");
    const attempt = await deliver(hooks.url.replace("other", "hooks"));
    expect(attempt).toMatchObject({
      status: null,
      error: "The certificate of the receiver is not valid.",
    });
    expect(hooks.received).toEqual([]);
  });

  test("a certificate of nobody's is refused", async () => {
    const hostName = "hooks.example.com";
    const certificate = createAuthority().issue(hostName);
    await using hooks = await startReceiver({ certificate, hostName });
    expect(await deliver(hooks.url)).toMatchObject({
      status: null,
      error: "The certificate of the receiver is not valid.",
    });
    expect(hooks.received).toEqual([]);
  });

  test("a server without TLS is no receiver", async () => {
    const url = (await answering("HTTP/1.1 204 X\r\n\r\n")).replace("http:", "https:");
    expect(await deliver(url)).toMatchObject({ status: null, error: expect.any(String) });
  });
});

describe("[SSRF-02] a name that changes", () => {
  test("is asked once: the connection goes to the address that was checked", async () => {
    const [checked, other] = [await receiver(), await receiver()];
    let asked = 0;
    const url = checked.url.replace("127.0.0.1", "rebinding.example.com");
    await deliver(url, async () => {
      asked += 1;
      return asked === 1 ? ["127.0.0.1"] : ["127.0.0.2"];
    });
    expect([asked, checked.received.length, other.received.length]).toEqual([1, 1, 0]);
  });

  test("is checked again at each attempt: what was public yesterday may be inside today", async () => {
    const hooks = await receiver();
    const attempt = await createDeliverMessage(
      { resolve: here, allowLoopback: false },
      LIMITS,
    )({
      message_id: "x",
      url: hooks.url.replace("http://127.0.0.1", "https://rebinding.example.com"),
      secrets: [secret],
      body: "{}",
    });
    expect(attempt).toMatchObject({
      status: null,
      error: "The host has an address that is not public.",
    });
    expect(hooks.received).toEqual([]);
  });

  test("with several addresses: the next one is tried when nobody is at the first", async () => {
    const hooks = await receiver();
    const url = hooks.url.replace("127.0.0.1", "hooks.example.com");
    expect(await deliver(url, async () => ["127.0.0.7", "127.0.0.1"])).toMatchObject({
      status: 204,
    });
  });
});

describe("failures", () => {
  test.each([
    [301, "The receiver answered 301. Redirects are not followed."],
    [307, "The receiver answered 307. Redirects are not followed."],
    [400, "The receiver answered 400."],
    [410, "The receiver answered 410."],
    [500, "The receiver answered 500."],
  ])("an answer of %i", async (status, error) => {
    const [hooks, elsewhere] = [await receiver(), await receiver()];
    hooks.answer((response) => {
      response.writeHead(status, { location: elsewhere.url }).end("secret text of the receiver");
    });
    expect(await deliver(hooks.url)).toMatchObject({ status, error, retryAfterSeconds: null });
    expect(elsewhere.received).toEqual([]);
  });

  test("nobody there", async () => {
    const gone = await startReceiver();
    await gone[Symbol.asyncDispose]();
    expect(await deliver(gone.url)).toMatchObject({
      status: null,
      error: "No connection to the receiver.",
    });
  });

  test.each([
    ["accepts and says nothing", () => {}, "No answer in time."],
    ["drips its head", (socket: Socket) => void drip(socket), "No answer in time."],
    [
      "hangs up",
      (socket: Socket) => void socket.on("data", () => socket.end()),
      "The connection was closed without an answer.",
    ],
    [
      "breaks off",
      (socket: Socket) => void socket.on("data", () => socket.resetAndDestroy()),
      /broke|closed/,
    ],
    [
      "speaks something else",
      (socket: Socket) => void socket.end("220 mail.example.com ESMTP\r\n\r\n"),
      "The answer is not HTTP.",
    ],
    ["never ends its head", (socket: Socket) => void flood(socket), "The answer is not HTTP."],
  ])("a server that %s", async (_what, onConnection, error) => {
    const attempt = await deliver(await rawServer(onConnection));
    expect(attempt.status).toBeNull();
    expect(attempt.error).toMatch(error);
    expect(attempt.durationMs).toBeLessThan(LIMITS.timeoutMs + 500);
  });

  test("a TLS server that never finishes the handshake", async () => {
    const url = (await rawServer(() => {})).replace("http:", "https:");
    expect(await deliver(url)).toMatchObject({ status: null, error: "No connection in time." });
  });
});

/** One byte now and then, for ever. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write("H"), 50);
  socket.on("close", () => clearInterval(timer));
}

function flood(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const line = `X-Header: ${"x".repeat(4_000)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(line)) {
      // As long as the other side takes it.
    }
  };
  socket.on("drain", more);
  more();
}

describe("the head decides", () => {
  test.each([
    [
      "a body that never ends",
      (socket: Socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"),
    ],
    [
      "a large body",
      (socket: Socket) => void socket.end(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(200_000)}`),
    ],
    [
      "a body that breaks off",
      (socket: Socket) =>
        void socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"),
    ],
  ])("%s", async (_what, respond) => {
    const url = await rawServer((socket) => {
      socket.once("data", () => respond(socket));
    });
    expect(await deliver(url)).toMatchObject({ status: 200, error: null });
  });
});

describe("Retry-After", () => {
  const asked = async (value: string) => {
    const url = await answering(
      `HTTP/1.1 503 X\r\nRetry-After: ${value}\r\nContent-Length: 0\r\n\r\n`,
    );
    return (await deliver(url)).retryAfterSeconds;
  };

  test("seconds, a date, a date that is over, and nonsense", async () => {
    expect(await asked("120")).toBe(120);
    const wait = await asked(new Date(Date.now() + 60_000).toUTCString());
    expect(wait).toBeGreaterThan(57);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await asked(new Date(0).toUTCString())).toBe(0);
    expect(await asked("soon")).toBeNull();
    expect(await asked("-5e9x")).toBeNull();
  });

  test("[HOOK-03] a date that the database has no number for", async () => {
    for (const value of ["Fri, 31 Dec 9999 23:59:59 GMT", "999999999"]) {
      expect(await asked(value)).toBe(30 * 24 * 3_600);
    }
  });
});

test("what goes wrong on our side quotes nothing", async () => {
  const attempt = await createDeliverMessage(
    { resolve: here, allowLoopback: true },
    LIMITS,
  )({
    message_id: "x",
    url: "http://hooks.example.com:3000/",
    secrets: ["whsec_not-base64!"],
    body: "{}",
  });
  expect(attempt).toMatchObject({ status: null, error: "The message could not be sent." });
});
