import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { decodeJwt } from "jose";
import type { Browser, Page } from "playwright-core";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../../../scripts/lib/browser.ts";
import { createStack, type Stack } from "../../../scripts/stack/create-stack.ts";
import { NO_RATE_LIMIT } from "../../../scripts/stack/no-rate-limit.ts";
import { type Application, startApplication } from "./lib/application.ts";
import { newPage } from "./lib/browser.ts";
import { type OpenIdProvider, type Person, startOpenIdProvider } from "./lib/openid-provider.ts";
import { exchange, signInAtProvider, startSignIn } from "./lib/sign-in.ts";

const SECRET = "a-secret-of-the-provider-that-is-long-enough";
const PASSWORD = "Correct-Horse-Battery-9!";
const NAMES = ["google", "keycloak"] as const;
type Name = (typeof NAMES)[number];

let stack: Stack;
let app: Application;
let providers: Record<Name, OpenIdProvider>;
let browser: Browser;
let admin: SupabaseClient;
let sql: postgres.Sql;

beforeAll(async () => {
  app = await startApplication();
  const [google, keycloak] = await Promise.all(NAMES.map(startOpenIdProvider));
  if (!google || !keycloak) throw new Error("no provider");
  providers = { google, keycloak };
  const client = { enabled: true, client_id: "nff", secret: SECRET };
  stack = await createStack({
    dataDir: await mkdtemp(join(tmpdir(), "nff-oauth-")),
    temporary: true,
    ports: "free",
    googleIssuer: google.issuer,
    auth: {
      site_url: app.origin,
      additional_redirect_urls: [],
      rate_limit: NO_RATE_LIMIT,
      external: {
        google: client,
        keycloak: { ...client, url: keycloak.issuer },
        github: client,
        apple: { ...client, enabled: false },
      },
    },
  });
  const redirectUri = `${stack.apiUrl}/auth/v1/callback`;
  for (const name of NAMES) providers[name].serve({ id: "nff", secret: SECRET, redirectUri });
  app.connect(stack.apiUrl, stack.publishableKey);
  browser = await startBrowser();
  sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
  admin = createClient(stack.apiUrl, stack.secretKey, { auth: { persistSession: false } });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await sql?.end();
  await stack?.dispose();
  await app?.close();
  await Promise.all(NAMES.map((name) => providers?.[name].close()));
});

/** Somebody whom the provider knows by this address. */
function person(name: Name, email: string, claims: Partial<Person> = {}): string {
  const sub = `login-${randomUUID()}`;
  providers[name].add(sub, {
    sub,
    email,
    email_verified: true,
    name: "Maria Clara Santos",
    ...claims,
  });
  return sub;
}

const newEmail = () => `person-${randomUUID()}@example.com`;

/** From the application's page to the provider and back, in a browser that has been nowhere before. */
async function visit(name: Name, login: string, redirectTo?: string): Promise<Page> {
  const page = await newPage(browser);
  await page.goto(app.origin);
  await startSignIn(page, name, redirectTo ?? app.origin);
  await signInAtProvider(page, login);
  return page;
}

const codeOf = (page: Page) => new URL(page.url()).searchParams.get("code") ?? "";
const usersWith = (email: string) => sql`select id from auth.users where email = ${email}`;
const identitiesOf = (id: string) =>
  sql`select provider, provider_id from auth.identities where user_id = ${id} order by provider`;

describe.each(NAMES)("signing in with %s", (name) => {
  test("the first time makes account and profile, the second finds them", async () => {
    const email = newEmail();
    const login = person(name, email.toUpperCase());
    const first = await exchange(await visit(name, login));
    expect(first.user).toMatchObject({
      email,
      app_metadata: { provider: name, providers: [name] },
      user_metadata: { full_name: "Maria Clara Santos", sub: login, email_verified: true },
      identities: [{ provider: name, id: login }],
    });
    expect(first.provider_token).toEqual(expect.any(String));
    expect(decodeJwt(first.access_token)).toMatchObject({
      sub: first.user.id,
      aal: "aal1",
      amr: [{ method: "oauth" }],
    });
    const profiles = await sql`
      select first_name, last_name, email from public.profiles where user_id = ${first.user.id}`;
    expect(profiles).toEqual([{ first_name: "Maria Clara", last_name: "Santos", email }]);

    const second = await exchange(await visit(name, login));
    expect(second.user.id).toBe(first.user.id);
    expect(await usersWith(email)).toHaveLength(1);
  });
});

describe("an address that has an account", () => {
  test("verified by the provider: the account gets one more identity", async () => {
    const email = newEmail();
    const made = await admin.auth.admin.createUser({
      email,
      password: PASSWORD,
      email_confirm: true,
    });
    const login = person("google", email);
    const { user } = await exchange(await visit("google", login));
    expect(user.id).toBe(made.data.user?.id);
    expect(user.app_metadata.providers).toEqual(["email", "google"]);
    expect(await identitiesOf(user.id)).toEqual([
      { provider: "email", provider_id: user.id },
      { provider: "google", provider_id: login },
    ]);
  });

  test("[AUTH-09] not verified by the provider: nobody is signed in, the account stays as it is", async () => {
    const email = newEmail();
    const made = await admin.auth.admin.createUser({
      email,
      password: PASSWORD,
      email_confirm: true,
    });
    const page = await visit("google", person("google", email, { email_verified: false }));
    expect(new URL(page.url()).searchParams.get("error_code")).toBe(
      "provider_email_needs_verification",
    );
    expect(codeOf(page)).toBe("");
    expect(await identitiesOf(made.data.user?.id ?? "")).toMatchObject([{ provider: "email" }]);
    expect(await usersWith(email)).toHaveLength(1);
  });

  test("never confirmed: whoever signed up with it before does not keep a way in", async () => {
    const email = newEmail();
    const squatter = await admin.auth.admin.createUser({
      email,
      password: PASSWORD,
      user_metadata: { first_name: "Mallory" },
    });
    const { user } = await exchange(await visit("google", person("google", email)));
    expect(user.id).toBe(squatter.data.user?.id);
    expect(user.user_metadata).not.toHaveProperty("first_name");
    expect(await identitiesOf(user.id)).toMatchObject([{ provider: "google" }]);
    const client = createClient(stack.apiUrl, stack.publishableKey, {
      auth: { persistSession: false },
    });
    const { error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
    expect(error).toMatchObject({ status: 400, code: "invalid_credentials" });
  });
});

test("a new address that the provider has not verified waits for its mail", async () => {
  const email = newEmail();
  const page = await visit("keycloak", person("keycloak", email, { email_verified: false }));
  expect(new URL(page.url()).searchParams.get("error_code")).toBe(
    "provider_email_needs_verification",
  );
  const found = await sql`select email_confirmed_at from auth.users where email = ${email}`;
  expect(found).toEqual([{ email_confirmed_at: null }]);
  const [session] = await sql`
    select from auth.sessions as s join auth.users as u on u.id = s.user_id where u.email = ${email}`;
  expect(session).toBeUndefined();
});

test("a banned account does not come in through a provider", async () => {
  const login = person("google", newEmail());
  const { user } = await exchange(await visit("google", login));
  await admin.auth.admin.updateUserById(user.id, { ban_duration: "1h" });
  const page = await visit("google", login);
  expect(new URL(page.url()).searchParams.get("error_code")).toBe("user_banned");
  expect(codeOf(page)).toBe("");
});

test("without PKCE the session is in the fragment, which no server sees", async () => {
  const page = await newPage(browser);
  const query = new URLSearchParams({ provider: "google", redirect_to: app.origin });
  await page.goto(`${stack.apiUrl}/auth/v1/authorize?${query}`);
  await signInAtProvider(page, person("google", newEmail()));
  const { hash, search } = new URL(page.url());
  const fragment = new URLSearchParams(hash.slice(1));
  expect(search).toBe("");
  expect(decodeJwt(fragment.get("access_token") ?? "")).toMatchObject({
    amr: [{ method: "oauth" }],
  });
});

describe("what was tampered with is refused", () => {
  const callback = async (query: string) => {
    const url = `${stack.apiUrl}/auth/v1/callback?${query}`;
    const response = await fetch(url, { redirect: "manual" });
    return new URL(response.headers.get("location") ?? "");
  };

  test("[AUTH-08] the state: unknown, changed, used before", async () => {
    const page = await newPage(browser);
    await page.goto(app.origin);
    const url = await startSignIn(page, "google", app.origin);
    const state = url.searchParams.get("state") ?? "";
    const changed = state.replace(/^./, (first) => (first === "A" ? "B" : "A"));
    for (const wrong of ["", randomUUID(), changed]) {
      const target = await callback(`code=stolen&state=${wrong}`);
      expect(target.origin).toBe(app.origin);
      expect(target.searchParams.get("error_code")).toMatch(/^bad_oauth_(state|callback)$/);
      expect(target.searchParams.get("code")).toBeNull();
    }
    const first = await callback(`error=access_denied&error_description=No&state=${state}`);
    expect(first.searchParams.get("error")).toBe("access_denied");
    const again = await callback(`code=any&state=${state}`);
    expect(again.searchParams.get("error_code")).toBe("bad_oauth_state");
  });

  test("[AUTH-08] the provider's code: nobody is signed in", async () => {
    const page = await newPage(browser);
    await page.goto(app.origin);
    const url = await startSignIn(page, "google", app.origin);
    const target = await callback(`code=forged&state=${url.searchParams.get("state")}`);
    expect(target.searchParams.get("error")).toBe("server_error");
    expect(target.searchParams.get("code")).toBeNull();
  });

  test("[AUTH-08] the code_verifier: 400, and the right one works once after it", async () => {
    const page = await visit("google", person("google", newEmail()));
    const response = await fetch(`${stack.apiUrl}/auth/v1/token?grant_type=pkce`, {
      method: "POST",
      headers: { apikey: stack.publishableKey, "x-supabase-api-version": "2024-01-01" },
      body: JSON.stringify({ auth_code: codeOf(page), code_verifier: randomUUID().repeat(2) }),
    });
    expect([response.status, (await response.json()).code]).toEqual([400, "bad_code_verifier"]);
    expect((await exchange(page)).user.id).toEqual(expect.any(String));
    const used = await sql`select from auth.flow_state where auth_code = ${codeOf(page)}`;
    expect(used).toHaveLength(0);
  });
});

test.each([
  "https://evil.example.com/",
  "//evil.example.com",
  "javascript:alert(1)",
  "https://user@evil.example.com/http://127.0.0.1",
])("[AUTH-10] a redirect to %s ends at the application instead", async (target) => {
  const page = await visit("google", person("google", newEmail()), target);
  expect(new URL(page.url()).origin).toBe(app.origin);
  expect(codeOf(page)).not.toBe("");
});

describe("the request to /authorize", () => {
  const authorize = (query: string) =>
    fetch(`${stack.apiUrl}/auth/v1/authorize?${query}`, { redirect: "manual" });

  test("cannot say where the provider sends the code, or as which client", async () => {
    const query =
      "provider=google&redirect_uri=https://evil.example.com&client_id=evil&prompt=login";
    const url = new URL((await authorize(query)).headers.get("location") ?? "");
    expect(url.origin).toBe(providers.google.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: "nff",
      redirect_uri: `${stack.apiUrl}/auth/v1/callback`,
      code_challenge_method: "S256",
      prompt: "login",
    });
  });

  test.each(["apple", "azure", "github", "unknown"])("%s is not run here: 400", async (name) => {
    const response = await authorize(`provider=${name}`);
    expect(response.status).toBe(400);
    expect((await response.json()).error_code).toBe("validation_failed");
  });

  test("the settings say which providers are on", async () => {
    const headers = { apikey: stack.publishableKey };
    const settings = await (await fetch(`${stack.apiUrl}/auth/v1/settings`, { headers })).json();
    expect(settings.external).toMatchObject({ google: true, keycloak: true, apple: false });
  });
});
