import { actorOf, audit } from "./audit.ts";
import type { AuthContext, Client } from "./context.ts";
import type { Db, SessionRow } from "./database.ts";
import { badRequest, OAuthError } from "./errors.ts";
import { findSession, insertRefreshToken, type TokenResponse, tokenResponse } from "./sessions.ts";
import { findUserById, isBanned } from "./users.ts";

interface RefreshTokenRow {
  readonly id: string;
  readonly token: string;
  readonly user_id: string;
  readonly revoked: boolean;
  readonly parent: string | null;
  readonly session_id: string | null;
  readonly updated_at: Date;
}

const NOT_FOUND = () =>
  badRequest("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
const ALREADY_USED = () =>
  badRequest("refresh_token_already_used", "Invalid Refresh Token: Already Used");

const olderThan = (date: Date, seconds: number) => Date.now() > date.getTime() + seconds * 1000;

function requireLiveSession(session: SessionRow, { sessions }: AuthContext["config"]): void {
  const { timebox, inactivity_timeout: inactivity } = sessions;
  const ended = session.not_after !== null && session.not_after.getTime() < Date.now();
  if (ended || (timebox !== undefined && olderThan(session.created_at, timebox))) {
    throw badRequest("session_expired", "Invalid Refresh Token: Session Expired");
  }
  const lastUse = session.refreshed_at ?? session.created_at;
  if (inactivity !== undefined && olderThan(lastUse, inactivity)) {
    throw badRequest("session_expired", "Invalid Refresh Token: Session Expired (Inactivity)");
  }
}

async function newestToken(db: Db, sessionId: string): Promise<RefreshTokenRow | undefined> {
  const [row] = await db<RefreshTokenRow[]>`
    select * from auth.refresh_tokens
    where session_id = ${sessionId} and revoked = false order by id desc limit 1`;
  return row;
}

/**
 * What a used token may still get. A client that lost our answer asks again with the parent of the
 * newest token and gets that one; inside the reuse interval, a new one. Anything else looks like theft,
 * so the whole family ends.
 */
async function reuseOf(
  context: AuthContext,
  db: Db,
  used: RefreshTokenRow,
  sessionId: string,
): Promise<string | "new" | "refused"> {
  const active = await newestToken(db, sessionId);
  if (active?.parent === used.token) return active.token;
  const { config } = context;
  if (!olderThan(used.updated_at, config.refresh_token_reuse_interval)) return "new";
  if (config.enable_refresh_token_rotation) {
    await db`
      update auth.refresh_tokens set revoked = true, updated_at = now()
      where session_id = ${sessionId} and revoked = false`;
  }
  return "refused";
}

async function swap(db: Db, used: RefreshTokenRow, session: SessionRow): Promise<string> {
  await db`update auth.refresh_tokens set revoked = true, updated_at = now() where id = ${used.id}`;
  return insertRefreshToken(db, session, used.token);
}

/** Locks the session, so that two refreshes at once give one new token and not two families. */
async function lockToken(db: Db, token: string) {
  const [found] = await db<RefreshTokenRow[]>`
    select * from auth.refresh_tokens where token = ${token}`;
  if (!found?.session_id) throw NOT_FOUND();
  await db`select from auth.sessions where id = ${found.session_id} for update`;
  const session = await findSession(db, found.session_id);
  const [row] = await db<RefreshTokenRow[]>`
    select * from auth.refresh_tokens where id = ${found.id}`;
  const user = await findUserById(db, found.user_id);
  if (!session || !row || !user) throw NOT_FOUND();
  return { row, session, user };
}

async function refreshIn(
  context: AuthContext,
  db: Db,
  token: string,
  client: Client,
): Promise<TokenResponse | "refused"> {
  const { row, session, user } = await lockToken(db, token);
  if (isBanned(user)) throw badRequest("user_banned", "Invalid Refresh Token: User Banned");
  requireLiveSession(session, context.config);
  const reuse = row.revoked ? await reuseOf(context, db, row, session.id) : "new";
  if (reuse === "refused") return reuse;
  const issued = reuse === "new" ? await swap(db, row, session) : reuse;
  await db`
    update auth.sessions
    set refreshed_at = (now() at time zone 'utc'), updated_at = now(),
      user_agent = ${client.userAgent}, ip = ${client.ip}
    where id = ${session.id}`;
  await audit(db, actorOf(user), "token_refreshed");
  return tokenResponse(context, db, user, session, issued, "token_refresh");
}

/** `grant_type=refresh_token` */
export async function refreshSession(
  context: AuthContext,
  token: string | undefined,
  client: Client,
): Promise<TokenResponse> {
  if (!token) throw new OAuthError("invalid_request", "refresh_token required");
  const result = await context.sql.begin((tx) => refreshIn(context, tx, token, client));
  // Thrown after the commit: ending the family must last.
  if (result === "refused") throw ALREADY_USED();
  return result;
}
