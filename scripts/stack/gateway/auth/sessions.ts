import { randomBytes } from "node:crypto";
import { signAccessToken } from "../tokens/sign.ts";
import { type AuthenticationMethod, buildClaims, type TokenOccasion } from "./claims.ts";
import type { AuthContext, Client } from "./context.ts";
import type { Db, SessionRow, UserRow } from "./database.ts";
import { presentUser } from "./present.ts";
import { loadAccount, updateUser } from "./users.ts";

export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: number;
  readonly expires_at: number;
  readonly refresh_token: string;
  /** Of the provider that sent the person, for its own API. */
  readonly provider_token?: string;
  readonly provider_refresh_token?: string;
  readonly user: ReturnType<typeof presentUser>;
  readonly weak_password?: { readonly message: string; readonly reasons: readonly string[] };
}

/** Twelve characters, as Supabase Auth's. */
const newRefreshToken = () =>
  randomBytes(16).toString("base64url").replaceAll(/[-_]/g, "").toLowerCase().slice(0, 12);

export async function insertRefreshToken(
  db: Db,
  session: { readonly id: string; readonly user_id: string },
  parent: string | null,
): Promise<string> {
  const token = newRefreshToken();
  await db`
    insert into auth.refresh_tokens
      (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
    values ('00000000-0000-0000-0000-000000000000', ${token}, ${session.user_id}, false,
      now(), now(), ${parent}, ${session.id})`;
  return token;
}

/** Notes that the session proved itself by this method, now. */
async function addAmr(db: Db, sessionId: string, method: AuthenticationMethod) {
  await db`
    insert into auth.mfa_amr_claims (id, session_id, authentication_method, created_at, updated_at)
    values (gen_random_uuid(), ${sessionId}, ${method}, now(), now())
    on conflict (session_id, authentication_method) do update set updated_at = now()`;
}

/** `refreshed_at` has no time zone of its own; it is UTC. */
const sessionColumns = (db: Db) =>
  db`id, user_id, created_at, updated_at, aal, not_after, refreshed_at at time zone 'utc' as refreshed_at`;

async function insertSession(db: Db, userId: string, client: Client): Promise<SessionRow> {
  const [session] = await db<SessionRow[]>`
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (gen_random_uuid(), ${userId}, now(), now(), 'aal1', ${client.userAgent}, ${client.ip})
    returning ${sessionColumns(db)}`;
  if (!session) throw new Error("the session was not stored");
  return session;
}

/** An access token for a session, in the answer that every sign-in gives. */
export async function tokenResponse(
  context: AuthContext,
  db: Db,
  user: UserRow,
  session: SessionRow,
  refreshToken: string,
  occasion: TokenOccasion,
): Promise<TokenResponse> {
  const claims = await buildClaims(context, db, user, session, occasion);
  return {
    access_token: await signAccessToken(claims, context.keys),
    token_type: "bearer",
    expires_in: context.config.jwt_expiry,
    expires_at: claims.exp,
    refresh_token: refreshToken,
    user: presentUser(await loadAccount(db, user)),
  };
}

/** Opens a session: the end of every successful sign-in. */
export async function openSession(
  context: AuthContext,
  db: Db,
  userId: string,
  method: AuthenticationMethod,
  client: Client,
): Promise<TokenResponse> {
  const user = await updateUser(db, userId, { last_sign_in_at: new Date() });
  const session = await insertSession(db, userId, client);
  await addAmr(db, session.id, method);
  const refreshToken = await insertRefreshToken(db, session, null);
  return tokenResponse(context, db, user, session, refreshToken, method);
}

/**
 * Lifts a session to two factors. Its refresh token is replaced: the one that was given to a session
 * with one factor must not lead into this one.
 */
export async function raiseSession(
  context: AuthContext,
  db: Db,
  userId: string,
  sessionId: string,
  factorId: string,
): Promise<TokenResponse> {
  await addAmr(db, sessionId, "totp");
  const [session] = await db<SessionRow[]>`
    update auth.sessions set aal = 'aal2', factor_id = ${factorId}, updated_at = now()
    where id = ${sessionId} returning ${sessionColumns(db)}`;
  if (!session) throw new Error(`session ${sessionId} is gone`);
  const [last] = await db<{ token: string }[]>`
    update auth.refresh_tokens set revoked = true, updated_at = now()
    where session_id = ${sessionId} and revoked = false returning token`;
  const refreshToken = await insertRefreshToken(db, session, last?.token ?? null);
  const user = await updateUser(db, userId, {});
  return tokenResponse(context, db, user, session, refreshToken, "totp");
}

export type SignOutScope = "global" | "local" | "others";

/** Ends sessions; their refresh tokens go with them. */
export async function endSessions(
  db: Db,
  userId: string,
  scope: SignOutScope,
  sessionId: string | null,
): Promise<void> {
  if (scope === "global") {
    await db`delete from auth.sessions where user_id = ${userId}`;
    await db`delete from auth.refresh_tokens where user_id = ${userId}`;
  } else if (scope === "local") {
    await db`delete from auth.sessions where user_id = ${userId} and id = ${sessionId}`;
  } else {
    await db`delete from auth.sessions where user_id = ${userId} and id is distinct from ${sessionId}`;
  }
}

export async function findSession(db: Db, id: string): Promise<SessionRow | undefined> {
  const [session] = await db<SessionRow[]>`
    select ${sessionColumns(db)} from auth.sessions where id = ${id}`;
  return session;
}
