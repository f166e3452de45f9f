import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Platform, PUBLISHABLE_KEY, SECRET_KEY, startPlatform } from "./lib/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.define(`
    create function public.who() returns text language sql stable as 'select current_user::text';
    grant execute on function public.who() to anon, service_role;
  `);
});
afterAll(() => platform.dispose());

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/147.0 Safari/537.36";

async function call(headers: Record<string, string>, path = "/rest/v1/rpc/who") {
  const response = await fetch(`${platform.url}${path}`, { headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("the platform's gateway resolves opaque API keys", () => {
  test("a publishable key is the role anon", async () => {
    expect(await call({ apikey: PUBLISHABLE_KEY })).toMatchObject({ status: 200, body: "anon" });
  });

  test("a secret key is the role service_role", async () => {
    expect(await call({ apikey: SECRET_KEY })).toMatchObject({ status: 200, body: "service_role" });
  });

  test("the key may come as a query parameter, and as bearer beside the header", async () => {
    expect(await call({}, `/rest/v1/rpc/who?apikey=${PUBLISHABLE_KEY}`)).toMatchObject({
      body: "anon",
    });
    const both = { apikey: SECRET_KEY, authorization: `Bearer ${SECRET_KEY}` };
    expect(await call(both)).toMatchObject({ body: "service_role" });
  });

  test("a key as bearer alone, or another key than the header's, is no token", async () => {
    expect(await call({ authorization: `Bearer ${SECRET_KEY}` })).toMatchObject({ status: 401 });
    const mixed = { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${SECRET_KEY}` };
    expect(await call(mixed)).toMatchObject({ status: 401, body: { code: "PGRST301" } });
  });

  test.each(["/rest/v1/rpc/who", "/auth/v1/settings"])("no key: 401 at %s", async (path) => {
    const answer = await call({}, path);
    expect(answer).toMatchObject({
      status: 401,
      body: {
        message: "No API key found in request",
        hint: "No `apikey` request header or url param was found.",
      },
    });
    expect(answer.headers.get("sb-error-code")).toBe("UNAUTHORIZED_MISSING_API_KEY");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test.each(["sb_publishable_nonsense", `${SECRET_KEY}x`, SECRET_KEY.slice(0, -1), "anon"])(
    "an unknown key: 401 (%s)",
    async (apikey) => {
      const answer = await call({ apikey });
      expect(answer).toMatchObject({ status: 401, body: { message: "Invalid API key" } });
      expect(answer.headers.get("sb-error-code")).toBe("UNAUTHORIZED_INVALID_API_KEY");
    },
  );

  test.each(["/rest/v1/rpc/who", "/auth/v1/admin/users", "/storage/v1/bucket"])(
    "[AUTH-03] a secret key from a browser: 401 at %s",
    async (path) => {
      const answer = await call({ apikey: SECRET_KEY, "user-agent": BROWSER }, path);
      expect(answer).toMatchObject({
        status: 401,
        body: { message: "Forbidden use of secret API key in browser" },
      });
      expect(answer.headers.get("sb-error-code")).toBe("UNAUTHORIZED_INVALID_API_KEY_TYPE");
    },
  );

  test("a publishable key from a browser is what it is for", async () => {
    const headers = { apikey: PUBLISHABLE_KEY, "user-agent": BROWSER };
    expect(await call(headers)).toMatchObject({ status: 200 });
  });
});

describe("requests from pages of any origin", () => {
  test("a preflight needs no key and allows what it asks for", async () => {
    const response = await fetch(`${platform.url}/rest/v1/rpc/who`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,x-client-info",
      },
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("apikey,x-client-info");
  });

  test("a path that no service has: 404", async () => {
    expect(await call({ apikey: PUBLISHABLE_KEY }, "/graphql/v1")).toMatchObject({ status: 404 });
  });
});
