import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, PASSWORD, signIn } from "./lib/accounts.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.define(`
    create schema hooks;
    grant usage on schema hooks to supabase_auth_admin;
    create table hooks.calls (event jsonb);
    grant insert on hooks.calls to supabase_auth_admin;
    create function hooks.add(event jsonb) returns jsonb language plpgsql as $$
      begin
        insert into hooks.calls values (event);
        return jsonb_set(event, '{claims,level}', '7');
      end $$;
    create function hooks.refuse(event jsonb) returns jsonb language sql
      as $$ select '{"error": {"http_code": 403, "message": "Not from here."}}'::jsonb $$;
    create function hooks.lose(event jsonb) returns jsonb language sql
      as $$ select jsonb_set(event, '{claims}', (event -> 'claims') - 'aal') $$;
    create function hooks.fail(event jsonb) returns jsonb language sql as $$ select (1 / 0)::text::jsonb $$;
    grant execute on all functions in schema hooks to supabase_auth_admin;
    create function hooks.closed(event jsonb) returns jsonb language sql as $$ select event $$;
    revoke all on function hooks.closed(jsonb) from public, supabase_auth_admin;
  `);
});
afterAll(() => platform.dispose());

const withHook = (name: string) =>
  platform.gateway({
    auth: {
      hook: {
        custom_access_token: { enabled: true, uri: `pg-functions://postgres/hooks/${name}` },
      },
    },
  });

test("a claim that the hook adds is in the token, beside all the others", async () => {
  const account = await createAccount(platform);
  const plain = decodeJwt((await signIn(platform.client(), account.email)).access_token);
  const gateway = await withHook("add");
  const claims = decodeJwt((await signIn(gateway.client(), account.email)).access_token);
  expect(plain).not.toHaveProperty("level");
  expect(claims).toMatchObject({ level: 7, sub: account.id });
  expect(Object.keys(claims).sort()).toEqual([...Object.keys(plain), "level"].sort());
});

test("the hook is asked for each token: it learns who, how and with which claims", async () => {
  const { id, email } = await createAccount(platform);
  const client = (await withHook("add")).client();
  await signIn(client, email);
  const { data, error } = await client.auth.refreshSession();
  expect(error).toBeNull();
  expect(decodeJwt(data.session?.access_token ?? "").level).toBe(7);
  const calls = await platform.sql`
    select event ->> 'authentication_method' as method, event -> 'claims' ->> 'sub' as sub
    from hooks.calls where event ->> 'user_id' = ${id}`;
  expect([...calls]).toEqual([
    { method: "password", sub: id },
    { method: "token_refresh", sub: id },
  ]);
});

describe("nobody signs in", () => {
  test.each([
    ["refuse", 403, "Not from here."],
    ["lose", 500, "output claims do not conform to the expected schema"],
    ["fail", 500, "Unexpected failure, please check server logs for more information"],
    ["closed", 500, "Unexpected failure, please check server logs for more information"],
  ])("with a hook that does this: %s", async (name, status, message) => {
    const { id, email } = await createAccount(platform);
    const client = (await withHook(name)).client();
    const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
    expect(data.session).toBeNull();
    expect(error).toMatchObject({ status, message });
    expect([...(await platform.sql`select from auth.sessions where user_id = ${id}`)]).toEqual([]);
  });

  test("and the gateway does not start for a hook that is somewhere else", async () => {
    const uri = "https://hooks.example.com/token";
    const hook = { custom_access_token: { enabled: true, uri } };
    await expect(platform.gateway({ auth: { hook } })).rejects.toThrow(uri);
  });
});
