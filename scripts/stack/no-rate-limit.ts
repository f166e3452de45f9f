const PLENTY = 1_000_000;

/** `[auth.rate_limit]` for tests and measurements of everything else: all of it comes from one address. */
export const NO_RATE_LIMIT = {
  email_sent: PLENTY,
  token_refresh: PLENTY,
  sign_in_sign_ups: PLENTY,
  token_verifications: PLENTY,
  factor_verifications: PLENTY,
} as const;
