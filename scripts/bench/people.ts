import { randomBytes, randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";

/** Somebody who is signed in and has everything that a submission needs but a document. */
export interface Person {
  readonly userId: string;
  readonly token: string;
}

const AUTH = { persistSession: false, autoRefreshToken: false };

async function createPerson({ stack }: BenchContext, tag: string | undefined): Promise<Person> {
  const admin = createClient(stack.apiUrl, stack.secretKey, { auth: AUTH });
  const credentials = {
    email: `bench-${randomUUID()}${tag ? `+${tag}` : ""}@example.com`,
    password: `Aa1!${randomBytes(12).toString("base64url")}`,
  };
  const created = await admin.auth.admin.createUser({
    ...credentials,
    email_confirm: true,
    user_metadata: { first_name: "Bench", last_name: "Person" },
  });
  if (created.error) throw created.error;
  const client = createClient(stack.apiUrl, stack.publishableKey, { auth: AUTH });
  const { data, error } = await client.auth.signInWithPassword(credentials);
  if (error) throw error;
  return { userId: created.data.user.id, token: data.session.access_token };
}

/** Completes profiles, addresses and consents in the database: only what is measured goes the long way. */
async function completeProfiles({ sql }: BenchContext, people: readonly Person[]): Promise<void> {
  const ids = people.map(({ userId }) => userId);
  await sql`update public.profiles set date_of_birth = '1990-04-23' where user_id = any(${ids})`;
  await sql`
    insert into public.addresses (user_id, address_name, street_address_1, city, state_region, postal_code, country)
    select id, 'Home', 'Main Street 1', 'Berlin', 'Berlin', '10115', 'DE' from unnest(${ids}::uuid[]) as id`;
}

/** Makes so many people, four at a time; `tag` goes into their addresses. */
export async function createPeople(
  context: BenchContext,
  count: number,
  tag?: string,
): Promise<Person[]> {
  const people = await inParallel(4, Array.from({ length: count }), () =>
    createPerson(context, tag),
  );
  await completeProfiles(context, people);
  return people;
}
