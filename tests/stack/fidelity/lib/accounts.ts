import { randomUUID } from "node:crypto";
import type { Session, SupabaseClient } from "@supabase/supabase-js";
import { expect } from "vitest";
import type { Platform } from "./platform.ts";

export const PASSWORD = "Correct-horse-1";

export const newEmail = () => `user-${randomUUID()}@example.com`;

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly client: SupabaseClient;
  readonly session: Session;
}

/** A confirmed account, made by the admin API, without a session. */
export async function createAccount(platform: Platform, email = newEmail()) {
  const { data, error } = await platform.admin().auth.admin.createUser({
    email,
    password: PASSWORD,
    email_confirm: true,
  });
  expect(error).toBeNull();
  const id = data.user?.id ?? "";
  expect(id).not.toBe("");
  return { id, email };
}

/** Signs in with the usual password; the client keeps the session. */
export async function signIn(client: SupabaseClient, email: string): Promise<Session> {
  const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
  if (error) throw error;
  return data.session;
}

/** Somebody who is signed in. */
export async function signedIn(platform: Platform): Promise<Person> {
  const account = await createAccount(platform);
  const client = platform.client();
  return { ...account, client, session: await signIn(client, account.email) };
}
