import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import { type Credential, call } from "./api.ts";
import { type Account, createStaff, secretKey } from "./api-accounts.ts";
import { newKey } from "./api-kyc.ts";
import { stackEnv } from "./stack-env.ts";

/** Members of a person in the names of NFF. */
export type NffInput = { email: string } & Record<string, unknown>;

/** A new person, as an operator describes it; nobody else has the e-mail address. */
export const nffUser = (changes: Readonly<Record<string, unknown>> = {}): NffInput => ({
  first_name: "Ada",
  last_name: "Lovelace",
  email: `nff-${randomUUID()}@example.com`,
  address_name: "Home",
  street_address_1: "12 St James's Square",
  city: "London",
  state_region: "London",
  postal_code: "SW1Y 4JH",
  country: "GB",
  ...changes,
});

/** A person that an administrator has created. */
export type Created = { readonly id: string; readonly email: string; readonly version: number };

export async function createNffUser(
  as: Credential,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Created> {
  const body = nffUser(changes);
  const answer = await call("users.createUser", { as, headers: newKey(), body });
  if (answer.status !== 201) throw new Error(`Not created: ${answer.text}`);
  return { id: answer.body.user_id, email: body.email, version: answer.body.version };
}

/** A machine key in the hands of an external system. */
export type MachineKey = {
  readonly keyId: string;
  readonly secret: string;
  readonly credential: Credential;
};

/** Has an administrator make a machine key; with every scope unless told otherwise. */
export async function createMachineKey(
  admin: Account,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<MachineKey> {
  const body = { name: "Core banking", scopes: ["users:read", "users:write"], ...changes };
  const answer = await call("admin.createApiKey", {
    as: admin.credential,
    headers: newKey(),
    body,
  });
  if (answer.status !== 201) throw new Error(`No key: ${answer.text}`);
  const { secret, api_key } = answer.body;
  return {
    keyId: api_key.key_id,
    secret,
    credential: { authorization: `Bearer ${secret}` },
  };
}

/** What an operation on other people may be called with. */
export type Operators = { readonly admin: Account; readonly machine: MachineKey };

export async function createOperators(sql: Sql): Promise<Operators> {
  const admin = await createStaff(sql, "admin");
  return { admin, machine: await createMachineKey(admin) };
}

/** Lets the worker do what is due: tests wake it themselves. */
export async function runWorker(): Promise<void> {
  const { status, text } = await call("worker.run", { as: secretKey(), body: {} });
  if (status !== 200) throw new Error(`The worker did not run: ${text}`);
}

/** Subjects of the mails that an address has got. */
export async function mailsTo(address: string): Promise<string[]> {
  const query = encodeURIComponent(`to:"${address}"`);
  const response = await fetch(`${stackEnv().mailpitUrl}/api/v1/search?query=${query}`);
  const { messages }: { messages: { Subject: string }[] } = await response.json();
  return messages.map(({ Subject }) => Subject);
}

/** Everything that there is of a person: all of it or nothing is what creation promises. */
export async function partsOf(sql: Sql, email: string): Promise<Record<string, number>> {
  const [row] = await sql<Record<string, number>[]>`
    with account as (select id from auth.users where lower(email) = lower(${email}))
    select (select count(*)::int from account) as accounts,
      (select count(*)::int from auth.identities where user_id in (select id from account)) as identities,
      (select count(*)::int from public.profiles where lower(email) = lower(${email})) as profiles,
      (select count(*)::int from public.addresses where user_id in (select id from account)) as addresses,
      (select count(*)::int from private.audit_log
        where action = 'user.created' and subject_id in (select id::text from account)) as entries`;
  if (!row) throw new Error("No row.");
  return row;
}

export const WHOLE = { accounts: 1, identities: 1, profiles: 1, addresses: 1, entries: 1 };
export const NOTHING = { accounts: 0, identities: 0, profiles: 0, addresses: 0, entries: 0 };
