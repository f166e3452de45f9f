import type { Sql } from "postgres";
import type { AuthToml } from "../config-toml.ts";
import type { TokenKeys } from "../tokens/signing-key.ts";
import type { VerifyToken } from "../tokens/verify.ts";
import type { ClaimsHook } from "./claims.ts";
import type { AuthMailer } from "./mailer.ts";
import type { PendingSignIns } from "./oauth/pending.ts";
import type { FindProvider } from "./oauth/providers.ts";
import type { Passwords } from "./passwords.ts";
import type { AdmitMails } from "./rate-limits.ts";

/** What every endpoint of Auth works with. */
export interface AuthContext {
  readonly sql: Sql;
  readonly config: AuthToml;
  /** Origin and path of Auth as clients see it. */
  readonly externalUrl: string;
  /** The `iss` of access tokens. */
  readonly issuer: string;
  readonly keys: TokenKeys;
  readonly verify: VerifyToken;
  readonly mailer: AuthMailer;
  readonly passwords: Passwords;
  readonly admitMails: AdmitMails;
  readonly findProvider: FindProvider;
  /** Sign-ins that are at a provider now. */
  readonly pending: PendingSignIns;
  /** Changes the claims of an access token before it is signed. */
  readonly claimsHook: ClaimsHook | undefined;
}

/** Where a request came from, for sessions. */
export interface Client {
  readonly ip: string;
  readonly userAgent: string;
}
