import { z } from "zod";
import { TokenError, type TokenFault } from "../tokens/verify.ts";
import type { AuthContext } from "./context.ts";
import type { Account, SessionRow } from "./database.ts";
import { badRequest, forbidden, unauthorized } from "./errors.ts";
import type { AuthRequest } from "./request.ts";
import { findSession } from "./sessions.ts";
import { findUserById, loadAccount } from "./users.ts";

export interface SignedIn {
  readonly account: Account;
  readonly session: SessionRow;
}

const FAULTS: Record<TokenFault, string> = {
  malformed: "token is malformed: token contains an invalid number of segments",
  algorithm: "signing method is invalid",
  signature: "token signature is invalid: signature is invalid",
  expired: "token has invalid claims: token is expired",
  not_yet_valid: "token has invalid claims: token is not valid yet",
};

function bearerOf(c: AuthRequest): string {
  const token = /^Bearer\s+(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1]?.trim();
  if (!token) throw unauthorized("This endpoint requires a valid Bearer token");
  return token;
}

async function claimsOf(context: AuthContext, token: string) {
  try {
    return await context.verify(token);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const reason = FAULTS[error.fault];
    throw forbidden("bad_jwt", `invalid JWT: unable to parse or verify signature, ${reason}`);
  }
}

/** The account and the live session behind the caller's token. */
export async function requireSignedIn(context: AuthContext, c: AuthRequest): Promise<SignedIn> {
  const token = bearerOf(c);
  // supabase-js sends the API key as bearer when nobody is signed in.
  if (token === c.req.header("apikey"))
    throw forbidden("bad_jwt", "invalid claim: missing sub claim");
  const claims = await claimsOf(context, token);
  if (!claims.sub) throw forbidden("bad_jwt", "invalid claim: missing sub claim");
  if (!z.uuid().safeParse(claims.sub).success) {
    throw badRequest("bad_jwt", "invalid claim: sub claim must be a UUID");
  }
  const user = await findUserById(context.sql, claims.sub);
  if (!user) throw forbidden("user_not_found", "User from sub claim in JWT does not exist");
  const sessionId = z.uuid().safeParse(claims.session_id);
  const session = sessionId.success ? await findSession(context.sql, sessionId.data) : undefined;
  if (!session || session.user_id !== user.id) {
    throw forbidden("session_not_found", "Session from session_id claim in JWT does not exist");
  }
  return { account: await loadAccount(context.sql, user), session };
}

/** Only the secret key, or a token with its role, may use the admin API. */
export async function requireAdmin(
  context: AuthContext,
  c: AuthRequest,
  keyRole: string | undefined,
): Promise<void> {
  const bearer = /^Bearer\s+(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1]?.trim();
  const isToken = bearer !== undefined && bearer !== c.req.header("apikey");
  const role = isToken ? (await claimsOf(context, bearer)).role : keyRole;
  if (role !== "service_role" && role !== "supabase_admin") {
    throw forbidden("not_admin", "User not allowed");
  }
}
