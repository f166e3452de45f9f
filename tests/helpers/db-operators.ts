import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type Db, operator, user } from "./db.ts";
import { address, createStaff } from "./db-fixtures.ts";

/** Letters and digits that make up a key. */
const text = (length: number): string =>
  randomBytes(length * 3)
    .toString("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, length);

export interface MachineKey {
  readonly keyId: string;
  readonly prefix: string;
  readonly sha256: string;
}

/** Prefix and hash of a new key, as the function hands them to the database. */
export function newSecret(): Omit<MachineKey, "keyId"> {
  const prefix = `nffk_${text(8)}`;
  return {
    prefix,
    sha256: createHash("sha256")
      .update(`${prefix}${text(43)}`)
      .digest("hex"),
  };
}

export interface KeyOptions {
  readonly scopes?: readonly string[];
  readonly allowed_cidrs?: readonly string[];
  readonly expires_at?: string;
}

/** A machine key that an administrator has made; with every scope unless told otherwise. */
export async function createKey(
  db: Db,
  options: KeyOptions = {},
  admin?: string,
): Promise<MachineKey> {
  const secret = newSecret();
  const maker = admin ?? (await createStaff(db, "admin"));
  const input = { name: "Core banking", scopes: ["users:read", "users:write"], ...options };
  const [row] = await db.as(
    user(maker),
    (sql) => sql<{ id: string }[]>`
      select private.create_machine_key(${sql.json({ ...input })}, ${secret.prefix}, ${secret.sha256}) ->> 'key_id' as id`,
  );
  if (!row) throw new Error("No key was made.");
  return { keyId: row.id, ...secret };
}

/** An administrator as the caller of an operation on other people. */
export const createOperator = async (db: Db) => operator(await createStaff(db, "admin"));

/** Members of a person in the names of NFF. */
export type NffInput = { email: string } & Record<string, string | null>;

/** A new person as an operator describes it. */
export const nffUser = (changes: Record<string, string | null> = {}): NffInput => ({
  first_name: "Ada",
  last_name: "Lovelace",
  email: `${randomUUID()}@example.com`,
  ...address(),
  ...changes,
});

/** A session of an account, as Auth stores it. */
export async function createSession(db: Db, userId: string): Promise<string> {
  const id = randomUUID();
  await db.sql`
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (${id}, ${userId}, now(), now(), 'aal1', 'test', '203.0.113.7')`;
  return id;
}

/** The audit of a stream, oldest first. */
export const auditOf = (db: Db, stream: string) =>
  db.sql<{ actor_kind: string; actor_id: string; action: string; details: string }[]>`
    select actor_kind, actor_id, action, details from private.audit_log
    where stream = ${stream} order by sequence`;

/** The audit of a person without the reads, which tests make to see what has changed. */
export const changesOf = async (db: Db, userId: string) =>
  (await auditOf(db, `user:${userId}`)).filter(({ action }) => action !== "user.read");

/** Leaves this person as the only administrator there is. */
export async function makeOnlyAdmin(db: Db, userId: string): Promise<void> {
  await db.sql`delete from private.user_roles where role = 'admin' and user_id <> ${userId}`;
}
