/** The claims that Supabase Auth puts into every access token; a hook may add others. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly email: string;
  readonly phone: string;
  readonly app_metadata: Record<string, unknown>;
  readonly user_metadata: Record<string, unknown>;
  readonly role: string;
  readonly aal: "aal1" | "aal2";
  /** How and when the session proved who it is; the newest method comes first. */
  readonly amr: readonly { readonly method: string; readonly timestamp: number }[];
  readonly session_id: string;
  readonly is_anonymous: boolean;
  readonly [claim: string]: unknown;
}

/** What the Data API and Storage read from a caller's credential. */
export interface CallerClaims {
  readonly role: string;
  readonly sub?: string;
  readonly [claim: string]: unknown;
}
