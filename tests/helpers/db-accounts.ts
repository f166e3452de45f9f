import { randomUUID } from "node:crypto";
import type { Caller, Db } from "./db.ts";

/** Begins the creation of a person; the id that Auth is to use. */
export async function beginCreation(db: Db, as: Caller, input: object): Promise<string> {
  const [row] = await db.as(
    as,
    (sql) => sql<{ id: string }[]>`
      select private.nff_create_user(${sql.json({ ...input })}) ->> 'user_id' as id`,
  );
  if (!row) throw new Error("No creation was begun.");
  return row.id;
}

/** What Auth does: writes the account, as its own role, in one transaction. */
export async function authCreates(db: Db, id: string, email: string): Promise<void> {
  await db.sql.savepoint(async (sql) => {
    await sql`insert into auth.users (id, email, aud, role, raw_user_meta_data)
      values (${id}, ${email}, 'authenticated', 'authenticated', '{}')`;
  });
}

/** A sign-up by somebody else: Auth picks the id. */
export async function signUp(db: Db, email: string): Promise<string> {
  const id = randomUUID();
  await authCreates(db, id, email);
  return id;
}

export async function authChangesEmail(db: Db, id: string, email: string): Promise<void> {
  await db.sql.savepoint(async (sql) => {
    await sql`update auth.users set email = ${email} where id = ${id}`;
  });
}

export interface Settled {
  outcome: string;
  version: number | null;
}

export async function settle(
  db: Db,
  as: Caller,
  kind: "create" | "update",
  id: string,
): Promise<Settled> {
  const [row] = await db.as(
    as,
    (sql) =>
      sql<{ state: Settled }[]>`select private.settle_account_change(${kind}, ${id}) as state`,
  );
  if (!row) throw new Error("Nothing was settled.");
  return row.state;
}

/** A person that an operator has created, account and all. */
export async function createPersonAs(
  db: Db,
  as: Caller,
  input: { readonly email: string },
): Promise<string> {
  const id = await beginCreation(db, as, input);
  await authCreates(db, id, input.email);
  return id;
}

/** Everything that exists of a person: all of it or nothing is what creation promises. */
export async function partsOf(db: Db, id: string): Promise<Record<string, boolean>> {
  const [row] = await db.sql<Record<string, boolean>[]>`
    select exists (select from auth.users where id = ${id}) as account,
      exists (select from public.profiles where user_id = ${id}) as profile,
      exists (select from public.addresses where user_id = ${id}) as address,
      exists (select from private.audit_log where stream = ${`user:${id}`}) as audit,
      exists (select from private.account_tasks where user_id = ${id} and task = 'invitation') as invitation`;
  if (!row) throw new Error("No row.");
  return row;
}
