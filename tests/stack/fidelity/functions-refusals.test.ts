import { createServer } from "node:http";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  close,
  type Front,
  listen,
  MAX_BODY,
  refusal,
  routes,
  seen,
  startFront,
} from "./lib/front.ts";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./lib/platform.ts";

let front: Front;
beforeAll(async () => {
  front = await startFront();
});
afterAll(() => front.dispose());

const call = (path: string, init?: RequestInit) => front.call(path, init);

const sign = (alg: string, kid: string, expires = "1h") =>
  new SignJWT({ role: "authenticated", sub: crypto.randomUUID() })
    .setProtectedHeader({ alg, kid })
    .setExpirationTime(expires);

describe("verify_jwt = true", () => {
  test.each([
    [
      "a user token",
      async () => ({ authorization: `Bearer ${await sign("ES256", "k").sign(front.privateKey)}` }),
    ],
    ["a publishable key", async () => ({ apikey: PUBLISHABLE_KEY })],
    ["a secret key", async () => ({ apikey: SECRET_KEY })],
    [
      "supabase-js without a user",
      async () => ({ apikey: PUBLISHABLE_KEY, authorization: `Bearer ${PUBLISHABLE_KEY}` }),
    ],
  ])("lets %s through", async (_, headers) => {
    expect((await call("guarded/echo", { headers: await headers() })).status).toBe(200);
  });

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
      async () => ({
        authorization: `Bearer ${await sign("ES256", "k", "-1s").sign(front.privateKey)}`,
      }),
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
    const [, ...others] = routes(front.targetPort);
    front.proxy.setFunctions([...others, { name: "open", port, verifyJwt: false }]);
    expect(await (await call("open")).text()).toBe("second");
    front.proxy.setFunctions(routes(front.targetPort));
    expect((await call("open/headers")).status).toBe(418);
    await close(second);
  });

  test("a kept connection that was closed meanwhile costs no request", async () => {
    expect((await call("open/echo")).status).toBe(200);
    front.target.closeAllConnections();
    const answers = await Promise.all(Array.from({ length: 10 }, () => call("open/echo")));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});
