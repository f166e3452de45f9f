import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Sql } from "postgres";
import { expect } from "vitest";
import { test } from "../helpers/db.ts";

const script = fileURLToPath(new URL("../../scripts/admin-grant.ts", import.meta.url));

/** Runs the command as a person would. */
async function adminGrant(args: readonly string[], dbUrl: string) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH ?? "", SUPABASE_DB_URL: dbUrl },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

/** An account that has confirmed its address; committed, because the command has a connection of its own. */
async function account(sql: Sql, confirmedAt: string | null = "2026-01-01"): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  await sql`
    insert into auth.users (id, email, aud, role, email_confirmed_at)
    values (gen_random_uuid(), ${email}, 'authenticated', 'authenticated', ${confirmedAt})`;
  return email;
}

const rolesOf = async (sql: Sql, email: string) => {
  const rows = await sql`
    select role from private.user_roles join public.profiles using (user_id) where email = ${email}`;
  return rows.map(({ role }) => role);
};

test("the first administrator, and then only with force; each is in the audit", async ({
  database: { url, client },
}) => {
  const [ada, bob] = [await account(client), await account(client)];
  expect(await adminGrant([ada, "admin"], url)).toMatchObject({
    code: 0,
    output: expect.stringContaining(`${ada} is admin now.`),
  });
  expect(await rolesOf(client, ada)).toEqual(["admin"]);

  const refused = await adminGrant([bob, "support"], url);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("There is an administrator already");
  expect(await rolesOf(client, bob)).toEqual([]);

  expect(await adminGrant([bob.toUpperCase(), "admin", "--force"], url)).toMatchObject({ code: 0 });
  expect(await adminGrant([bob, "admin", "--force"], url)).toMatchObject({
    code: 0,
    output: expect.stringContaining("nothing has changed"),
  });
  const entries = await client`
    select details::jsonb ->> 'forced' as forced from private.audit_log
    where action = 'user.roles_changed' order by audit_id`;
  expect([...entries]).toEqual([{ forced: "false" }, { forced: "true" }]);
});

test("an account that is unknown, or has not confirmed its address, gets nothing", async ({
  database: { url, client },
}) => {
  const email = await account(client, null);
  const unconfirmed = await adminGrant([email, "admin", "--force"], url);
  expect([unconfirmed.code, unconfirmed.output]).toEqual([
    1,
    "The e-mail address of this account is not confirmed.\n",
  ]);
  const unknown = await adminGrant(["nobody@example.com", "admin", "--force"], url);
  expect(unknown.output).toContain("There is no account");
  expect(await rolesOf(client, email)).toEqual([]);
});

test("a role of the API is not enough, whatever it may do otherwise", async ({
  database: { url, client },
}) => {
  const email = await account(client);
  // Roles belong to the whole server, which other tests share.
  const name = `front_door_${randomUUID().slice(0, 8)}`;
  await client.unsafe(`create role ${name} login password 'front-door' in role service_role`);
  const weak = new URL(url);
  weak.username = name;
  weak.password = "front-door";
  const { code, output } = await adminGrant([email, "admin", "--force"], weak.href);
  await client.unsafe(`drop role ${name}`);
  expect([code, output]).toEqual([
    1,
    "This database role may not grant roles: connect as the owner of the database.\n",
  ]);
  expect(await rolesOf(client, email)).toEqual([]);
});

test.for([
  [[]],
  [["ada@example.com"]],
  [["ada@example.com", "owner"]],
  [["ada", "admin"]],
  [["ada@example.com", "admin", "again"]],
  [["ada@example.com", "admin", "--yes"]],
] as const)("how to use it is told for %j", async ([args]) => {
  const { code, output } = await adminGrant(args ?? [], "postgresql://nobody@127.0.0.1:1/nothing");
  expect(code).toBe(1);
  expect(output).toContain("Usage: npm run admin:grant");
});

test("no database is one sentence, without the password", async () => {
  const { code, output } = await adminGrant(
    ["ada@example.com", "admin"],
    "postgresql://postgres:hunter2@127.0.0.1:1/postgres",
  );
  expect([code, output]).toEqual([
    1,
    "The database cannot be used (ECONNREFUSED): is SUPABASE_DB_URL right?\n",
  ]);
});
