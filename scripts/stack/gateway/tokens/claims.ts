import { z } from "zod";

/** How and when a session proved who it is; the newest method comes first. */
const amrEntry = z.object({ method: z.string(), timestamp: z.int() });

/** The claims that Supabase Auth puts into every access token. */
export const accessTokenClaims = z.looseObject({
  iss: z.string(),
  sub: z.uuid(),
  aud: z.string(),
  exp: z.int(),
  iat: z.int(),
  email: z.string(),
  phone: z.string(),
  app_metadata: z.record(z.string(), z.unknown()),
  user_metadata: z.record(z.string(), z.unknown()),
  role: z.string(),
  aal: z.enum(["aal1", "aal2"]),
  amr: z.array(amrEntry),
  session_id: z.uuid(),
  is_anonymous: z.boolean(),
});

export type AccessTokenClaims = z.output<typeof accessTokenClaims>;

/** What the Data API and Storage read from a caller's credential. */
export interface CallerClaims {
  readonly role: string;
  readonly sub?: string;
  readonly [claim: string]: unknown;
}
