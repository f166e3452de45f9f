import type { AccessTokenClaims } from "../tokens/claims.ts";
import type { AuthContext } from "./context.ts";
import type { Db, SessionRow, UserRow } from "./database.ts";

/** The `authentication_method` of the event that a custom access token hook gets. */
export type TokenOccasion = AuthenticationMethod | "token_refresh";

export type AuthenticationMethod =
  | "password"
  | "otp"
  | "magiclink"
  | "recovery"
  | "invite"
  | "oauth"
  | "totp"
  | "anonymous"
  | "email/signup"
  | "email_change";

export type ClaimsHook = (
  event: {
    readonly userId: string;
    readonly claims: AccessTokenClaims;
    readonly occasion: TokenOccasion;
  },
  db: Db,
) => Promise<AccessTokenClaims>;

interface AmrRow {
  readonly authentication_method: string;
  readonly updated_at: Date;
}

/** Newest first, as the platform lists them. */
async function amrOf(db: Db, sessionId: string): Promise<AccessTokenClaims["amr"]> {
  const rows = await db<AmrRow[]>`
    select authentication_method, updated_at from auth.mfa_amr_claims
    where session_id = ${sessionId} order by updated_at desc, id`;
  return rows.map((row) => ({
    method: row.authentication_method,
    timestamp: Math.floor(row.updated_at.getTime() / 1000),
  }));
}

/** The claims of an access token for this session, as the hook (when there is one) leaves them. */
export async function buildClaims(
  context: AuthContext,
  db: Db,
  user: UserRow,
  session: SessionRow,
  occasion: TokenOccasion,
): Promise<AccessTokenClaims> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims: AccessTokenClaims = {
    iss: context.issuer,
    sub: user.id,
    aud: user.aud ?? "authenticated",
    exp: issuedAt + context.config.jwt_expiry,
    iat: issuedAt,
    email: user.email ?? "",
    phone: user.phone ?? "",
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    role: user.role || "authenticated",
    aal: session.aal === "aal2" ? "aal2" : "aal1",
    amr: await amrOf(db, session.id),
    session_id: session.id,
    is_anonymous: user.is_anonymous,
  };
  if (!context.claimsHook) return claims;
  return context.claimsHook({ userId: user.id, claims, occasion }, db);
}
