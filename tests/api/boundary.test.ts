import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { expectCommon, readAnswer, urlOf } from "../helpers/api.ts";
import { type Account, createAccount } from "../helpers/api-accounts.ts";
import { asFunction, functionWith } from "../helpers/api-in-process.ts";
import { checkSharedResponse } from "../helpers/generated/responses.js";
import { stackEnv } from "../helpers/stack-env.ts";

let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const functionsUrl = () => `${stackEnv().supabaseUrl}/functions/v1`;
const me = () => urlOf("users.getMe");
const health = () => urlOf("meta.getHealth");

describe("unknown routes", () => {
  test.each([
    "/users",
    "/users/",
    "/users/me/",
    "/users//me",
    "/users/nobody",
    "/kyc/%00",
    "/meta/%F0%9F%98%80",
  ])("404 route_not_found for %s", async (path) => {
    const answer = await readAnswer(await fetch(`${functionsUrl()}${path}`));
    expectCommon(answer);
    expect(checkSharedResponse("NotFound", answer)).toEqual([]);
    expect(answer.body).toMatchObject({ status: 404, code: "route_not_found" });
    // The path goes back as it came: decoded, it would be no URI any more.
    expect(answer.body.instance).toMatch(/^[\x21-\x7e]+$/);
    expect(URL.canParse(answer.body.instance, "http://x")).toBe(true);
  });
});

describe("faults of members with endless names", () => {
  const name = "x".repeat(2_000);
  const patch = (body: string) => ({ method: "PATCH", body });
  test.each<[string, () => string, { method?: string; body?: string }]>([
    ["an unknown member", me, patch(JSON.stringify({ [name]: 1 }))],
    ["a member twice", me, patch(`{"${name}":1,"${name}":2}`)],
    ["a control character inside", me, patch(JSON.stringify({ [name]: "\u0001" }))],
    ["an unknown parameter", () => `${urlOf("kyc.listVerifications")}?${name}=1`, {}],
    [
      "a parameter with a control character",
      () => `${urlOf("kyc.listVerifications")}?${name}=%01`,
      {},
    ],
  ])("%s is told within the limits of the contract", async (_, url, { method = "GET", body }) => {
    const answer = await readAnswer(
      await fetch(url(), {
        method,
        ...(body === undefined ? {} : { body }),
        headers: {
          ...anna.credential,
          "content-type": "application/json",
          "if-match": "*",
        },
      }),
    );
    expect(answer.status).toBe(400);
    expect(checkSharedResponse("BadRequest", answer)).toEqual([]);
    expect(answer.body.errors[0].pointer).toHaveLength(500);
  });
});

describe("methods", () => {
  const paths = Map.groupBy(Object.values(operations), ({ group, path }) => `${group} ${path}`);

  test("405 with Allow for each method that a path does not have", async () => {
    expect(paths.size).toBeGreaterThan(50);
    for (const [path, served] of paths) {
      const methods: string[] = served.map(({ method }) => method);
      const wrong = ["GET", "POST", "PUT", "PATCH"].find((name) => !methods.includes(name));
      const [{ id } = { id: "meta.getHealth" as const }] = served;
      const answer = await readAnswer(await fetch(urlOf(id), { method: wrong ?? "DELETE" }));
      expect([path, answer.status]).toEqual([path, 405]);
      expectCommon(answer);
      expect(checkSharedResponse("MethodNotAllowed", answer)).toEqual([]);
      const allowed = answer.headers.get("allow")?.split(", ");
      const head = methods.includes("GET") ? ["HEAD"] : [];
      expect(new Set(allowed)).toEqual(new Set([...methods, ...head, "OPTIONS"]));
    }
  });

  test("OPTIONS says which methods there are", async () => {
    const response = await fetch(me(), { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, PATCH, HEAD, OPTIONS");
  });

  test("HEAD answers like GET, without a body", async () => {
    const response = await fetch(me(), { method: "HEAD", headers: anna.credential });
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe('"v1"');
    expect(await response.text()).toBe("");
  });

  test("a header or a query cannot change the method", async () => {
    const headers = { ...anna.credential, "x-http-method-override": "DELETE", "x-method": "PATCH" };
    const response = await fetch(me(), { headers });
    expect(response.status).toBe(200);
    expect((await fetch(`${me()}?_method=PATCH`, { headers })).status).toBe(400);
  });
});

describe("CORS", () => {
  const ALLOWED = "http://localhost:3000";
  const preflight = (origin: string, url = me()) =>
    fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,if-match",
      },
    });

  test("an allowed origin is named, on success and on errors", async () => {
    for (const [url, status] of [
      [health(), 200],
      [me(), 401],
      [`${functionsUrl()}/users/nobody`, 404],
    ] as const) {
      const response = await fetch(url, { headers: { origin: ALLOWED } });
      expect(response.status).toBe(status);
      expect(response.headers.get("access-control-allow-origin")).toBe(ALLOWED);
      expect(response.headers.get("access-control-expose-headers")).toMatch(/ETag.*X-Request-Id/);
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("vary")).toMatch(/Origin/);
    }
  });

  test("a preflight lists the methods that the path has, and no others", async () => {
    const response = await preflight(ALLOWED);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(ALLOWED);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, PATCH");
    expect(response.headers.get("access-control-allow-headers")).toMatch(/authorization.*if-match/);
    expect(Number(response.headers.get("access-control-max-age"))).toBeLessThanOrEqual(7_200);
  });

  test.each([
    "https://evil.example",
    "null",
    "https://localhost:3000",
    "http://localhost:3001",
    "http://localhost",
    "http://localhost:3000.evil.example",
    "http://evillocalhost:3000",
    "http://LOCALHOST:3000",
  ])("%s is not allowed, and not echoed", async (origin) => {
    for (const response of [
      await fetch(health(), { headers: { origin } }),
      await preflight(origin),
    ]) {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("access-control-allow-methods")).toBeNull();
      expect(response.headers.get("vary")).toMatch(/Origin/);
    }
  });
});

describe("request ids and traces", () => {
  const send = async (headers: Record<string, string>) =>
    (await fetch(health(), { headers })).headers;

  test("an id of the caller's own is kept", async () => {
    const id = `test_${randomUUID()}`;
    expect((await send({ "x-request-id": id })).get("x-request-id")).toBe(id);
  });

  test.each(["", "a b", "a\tb", "x".repeat(129), "<script>", 'a"b', "ü"])(
    "an id that does not belong in a log is replaced: %j",
    async (id) => {
      const given = Buffer.from(id).toString("latin1");
      const answered = (await send({ "x-request-id": given })).get("x-request-id");
      expect(answered).toMatch(/^req_[0-9a-f]{32}$/);
    },
  );

  test("a trace is continued with a span of our own", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const parent = `00-${trace}-00f067aa0ba902b7-01`;
    const answered = (await send({ traceparent: parent })).get("traceparent");
    expect(answered).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(answered).not.toBe(parent);
  });
});

describe("inside of this process", () => {
  test("what an operation sets cannot drop the common headers", async () => {
    const target = functionWith("meta.getHealth", {
      isUnbound: true,
      run: async () => ({
        status: 200,
        body: { status: "ok" },
        headers: { "cache-control": "public" },
      }),
    });
    const response = await target(new Request(`${functionsUrl()}/meta/health`));
    expect(response.headers.get("cache-control")).toBe("public");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a path outside of the function is answered like any unknown route", async () => {
    const target = functionWith("meta.getHealth", { isImplemented: false });
    const response = await target(asFunction(new Request("http://localhost/elsewhere")));
    const answer = await readAnswer(response);
    expectCommon(answer);
    expect(answer.body.code).toBe("route_not_found");
  });
});
