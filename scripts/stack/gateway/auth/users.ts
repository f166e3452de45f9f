import type { Account, Db, FactorRow, IdentityRow, UserRow } from "./database.ts";
import { type JsonMap, mergeJson } from "./json.ts";

const NO_INSTANCE = "00000000-0000-0000-0000-000000000000";

export async function findUserById(db: Db, id: string): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`select * from auth.users where id = ${id}`;
  return user;
}

export async function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`
    select * from auth.users
    where email = ${email.toLowerCase()} and is_sso_user = false limit 1`;
  return user;
}

/** Someone else's account that holds this address, as its own or as one of its identities'. */
export async function findEmailOwner(
  db: Db,
  email: string,
  exceptUserId: string | null,
): Promise<UserRow | undefined> {
  const address = email.toLowerCase();
  const [user] = await db<UserRow[]>`
    select u.* from auth.users as u
    where u.is_sso_user = false
      and (${exceptUserId}::uuid is null or u.id <> ${exceptUserId}::uuid)
      and (u.email = ${address} or exists (
        select from auth.identities as i where i.user_id = u.id and i.email = ${address}))
    limit 1`;
  return user;
}

export async function loadAccount(db: Db, user: UserRow): Promise<Account> {
  const identities = await db<IdentityRow[]>`
    select * from auth.identities where user_id = ${user.id} order by created_at, id`;
  const factors = await db<FactorRow[]>`
    select id, user_id, friendly_name, factor_type, status, phone, created_at, updated_at, last_challenged_at
    from auth.mfa_factors where user_id = ${user.id} order by created_at`;
  return { user, identities, factors };
}

/** The account as it is now; triggers may have changed what was written. */
export async function reloadAccount(db: Db, id: string): Promise<Account> {
  const user = await findUserById(db, id);
  if (!user) throw new Error(`user ${id} is gone`);
  return loadAccount(db, user);
}

export interface NewUser {
  readonly id?: string;
  readonly email: string;
  /** A bcrypt hash; empty for accounts without a password. */
  readonly passwordHash: string;
  readonly role?: string;
  readonly userMetadata: JsonMap;
  /** What the person said at sign-up; the identity keeps a copy. */
  readonly identityData?: JsonMap;
  /** Who the person is at the provider that sent them; default: an identity by e-mail. */
  readonly identity?: {
    readonly provider: string;
    readonly providerId: string;
    readonly data: JsonMap;
  };
}

/** Creates the account together with its first identity. */
export async function insertEmailUser(db: Db, input: NewUser): Promise<UserRow> {
  const id = input.id ?? crypto.randomUUID();
  const claims = { sub: id, email: input.email, email_verified: false, phone_verified: false };
  const identity = input.identity ?? {
    provider: "email",
    providerId: id,
    data: { ...input.identityData, ...claims },
  };
  const { provider } = identity;
  const [user] = await db<UserRow[]>`
    insert into auth.users ${db({
      instance_id: NO_INSTANCE,
      id,
      aud: "authenticated",
      role: input.role ?? "authenticated",
      email: input.email,
      encrypted_password: input.passwordHash,
      raw_app_meta_data: db.json({ provider, providers: [provider] }),
      raw_user_meta_data: db.json(input.userMetadata),
      confirmation_token: "",
      recovery_token: "",
      email_change_token_new: "",
      email_change: "",
      created_at: new Date(),
      updated_at: new Date(),
    })} returning *`;
  if (!user) throw new Error("the new user was not stored");
  await insertIdentity(db, id, provider, identity.providerId, identity.data);
  return user;
}

export async function findIdentity(
  db: Db,
  provider: string,
  providerId: string,
): Promise<IdentityRow | undefined> {
  const [identity] = await db<IdentityRow[]>`
    select * from auth.identities where provider = ${provider} and provider_id = ${providerId}`;
  return identity;
}

/** Notes a sign-in with this identity, and what its provider says now. */
export async function touchIdentity(db: Db, id: string, data: JsonMap): Promise<void> {
  await db`
    update auth.identities
    set identity_data = ${db.json(data)}, last_sign_in_at = now(), updated_at = now()
    where id = ${id}`;
}

export async function insertIdentity(
  db: Db,
  userId: string,
  provider: string,
  providerId: string,
  data: JsonMap,
): Promise<void> {
  await db`
    insert into auth.identities
      (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (gen_random_uuid(), ${providerId}, ${userId}, ${db.json(data)}, ${provider}, now(), now(), now())`;
}

/** Columns that Auth itself changes; metadata goes through the two functions below. */
export type UserPatch = Partial<
  Omit<UserRow, "id" | "confirmed_at" | "raw_app_meta_data" | "raw_user_meta_data">
>;

export async function updateUser(db: Db, id: string, patch: UserPatch): Promise<UserRow> {
  const [user] = await db<UserRow[]>`
    update auth.users set ${db({ ...patch, updated_at: new Date() })} where id = ${id} returning *`;
  if (!user) throw new Error(`user ${id} is gone`);
  return user;
}

export async function mergeUserMetadata(db: Db, user: UserRow, changes: JsonMap): Promise<void> {
  const merged = mergeJson(user.raw_user_meta_data, changes);
  await db`
    update auth.users set raw_user_meta_data = ${db.json(merged)}, updated_at = now()
    where id = ${user.id}`;
}

export async function mergeAppMetadata(db: Db, user: UserRow, changes: JsonMap): Promise<void> {
  const merged = mergeJson(user.raw_app_meta_data, changes);
  await db`
    update auth.users set raw_app_meta_data = ${db.json(merged)}, updated_at = now()
    where id = ${user.id}`;
}

/** Changes the data of the account's e-mail identity and makes one where there is none. */
export async function setEmailIdentity(db: Db, userId: string, changes: JsonMap): Promise<void> {
  const [identity] = await db<IdentityRow[]>`
    select * from auth.identities where user_id = ${userId} and provider = 'email'`;
  if (!identity) {
    const claims = { sub: userId, email_verified: false, phone_verified: false, ...changes };
    await insertIdentity(db, userId, "email", userId, claims);
    return;
  }
  await db`
    update auth.identities
    set identity_data = ${db.json(mergeJson(identity.identity_data, changes))}, updated_at = now()
    where id = ${identity.id}`;
}

export const isBanned = (user: UserRow) =>
  user.banned_until !== null && user.banned_until.getTime() > Date.now();
