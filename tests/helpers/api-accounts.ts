import { randomBytes } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import type { Credential } from "./api.ts";
import { stackEnv } from "./stack-env.ts";

/** A signed-in person. */
export type Account = {
  readonly id: string;
  readonly email: string;
  readonly token: string;
  /** For operations. */
  readonly credential: Credential;
  /** For tables and storage, as a front end has it. */
  readonly client: SupabaseClient;
};

/** The password of every account that is made here. */
export const PASSWORD = "Correct-Horse-Battery-9!";

function newClient(key: string): SupabaseClient {
  return createClient(stackEnv().supabaseUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

/** Makes an account that needs no confirmation, and signs it in. */
export async function createAccount({ tag = "" }: { tag?: string } = {}): Promise<Account> {
  // An address may have 64 characters before the @, and tags can be long.
  const email = `t${randomBytes(8).toString("hex")}${tag}@example.com`;
  const admin = newClient(stackEnv().secretKey);
  const created = await admin.auth.admin.createUser({
    email,
    password: PASSWORD,
    email_confirm: true,
    user_metadata: { first_name: "Anna", last_name: "Schmidt" },
  });
  if (created.error) throw created.error;
  return signIn(email);
}

/** Signs an account in (again): a session and a token of its own. */
export async function signIn(email: string): Promise<Account> {
  const client = newClient(stackEnv().publishableKey);
  const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
  if (error) throw error;
  const token = data.session.access_token;
  return {
    id: data.user.id,
    email,
    token,
    credential: { authorization: `Bearer ${token}` },
    client,
  };
}

/** Makes a member of staff. */
export async function createStaff(sql: postgres.Sql, ...roles: string[]): Promise<Account> {
  const account = await createAccount();
  for (const role of roles) {
    await sql`
      insert into private.user_roles (user_id, role)
      values (${account.id}, ${role}::text::public.staff_role)
    `;
  }
  return account;
}

/** The key of the project's own components. */
export const secretKey = (): Credential => ({ apikey: stackEnv().secretKey });

/** A connection as the owner of the tables, for the tests of one file: to arrange, and to look. */
export function ownerConnection(): () => postgres.Sql {
  let sql: postgres.Sql | undefined;
  beforeAll(() => {
    sql = postgres(stackEnv().dbUrl, { max: 2, onnotice: () => {} });
  });
  afterAll(() => sql?.end());
  return () => {
    if (!sql) throw new Error("The connection exists while tests run.");
    return sql;
  };
}

/** Flags an account as deleted, as NFF Users v1 does. */
export async function softDelete(sql: postgres.Sql, { id }: Account): Promise<void> {
  await sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
}

/** Suspends an account. */
export async function suspend(sql: postgres.Sql, { id }: Account): Promise<void> {
  await sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
}
