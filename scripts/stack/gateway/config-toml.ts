import { z } from "zod";

const UNITS = { KB: 1e3, KIB: 1024, MB: 1e6, MIB: 1024 ** 2, GB: 1e9, GIB: 1024 ** 3 } as const;

/** "15MiB" → bytes, as in config.toml; a bare number is bytes. */
const byteSize = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(value).trim()) ?? [];
  const [, factor] = Object.entries(UNITS).find(([name]) => name === unit.toUpperCase()) ?? [
    "",
    unit ? 0 : 1,
  ];
  if (amount && factor) return Math.round(Number(amount) * factor);
  context.addIssue(`not a size: ${value}`);
  return z.NEVER;
});

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** "1m30s" → seconds, as in config.toml. */
const duration = z.string().transform((text, context) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text) {
    return parts.reduce((sum, [, amount, unit]) => {
      const factor = unit === "h" ? SECONDS.h : unit === "m" ? SECONDS.m : SECONDS.s;
      return sum + Number(amount) * (unit === "ms" ? 0.001 : factor);
    }, 0);
  }
  context.addIssue(`not a duration: ${text}`);
  return z.NEVER;
});

/** `[api]` */
export const apiToml = z.object({
  schemas: z.array(z.string()).default(["public"]),
  extra_search_path: z.array(z.string()).default(["public", "extensions"]),
  max_rows: z.int().positive().default(1000),
});

const mailTemplate = z.object({
  subject: z.string().optional(),
  content_path: z.string().optional(),
});

const email = z.object({
  enabled: z.boolean().optional(),
  /** The former name of `enabled`. */
  enable_signup: z.boolean().optional(),
  double_confirm_changes: z.boolean().default(true),
  enable_confirmations: z.boolean().default(false),
  secure_password_change: z.boolean().default(false),
  require_current_password: z.boolean().default(false),
  max_frequency: duration.default(1),
  otp_length: z.int().min(6).max(10).default(6),
  otp_expiry: z.int().positive().default(3600),
  template: z.record(z.string(), mailTemplate).default({}),
});

const sessions = z.object({
  timebox: duration.optional(),
  inactivity_timeout: duration.optional(),
});

/** `[auth.rate_limit]`: mails per hour; the others per five minutes and address. */
const rateLimit = z.object({
  email_sent: z.number().positive().default(2),
  token_refresh: z.number().positive().default(150),
  sign_in_sign_ups: z.number().positive().default(30),
  token_verifications: z.number().positive().default(30),
  /** Not a key of config.toml, because the platform fixes it: codes of second factors, per minute. */
  factor_verifications: z.number().positive().default(15),
});

const totp = z.object({
  enroll_enabled: z.boolean().default(false),
  verify_enabled: z.boolean().default(false),
});

const mfa = z.object({
  max_enrolled_factors: z.int().positive().default(10),
  totp: totp.default(totp.parse({})),
});

/** A function that Auth calls; only those in the database run on the local stack. */
const hook = z.object({ enabled: z.boolean().default(false), uri: z.string().default("") });

const hooks = z.object({ custom_access_token: hook.default(hook.parse({})) });

const externalProvider = z.object({
  enabled: z.boolean().default(false),
  client_id: z.string().default(""),
  secret: z.string().default(""),
  redirect_uri: z.string().default(""),
  url: z.string().default(""),
  skip_nonce_check: z.boolean().default(false),
  email_optional: z.boolean().default(false),
});

/** `[auth]`; keys that the local stack does not act on are left out and ignored. */
export const authToml = z.object({
  enabled: z.boolean().default(true),
  site_url: z.string().default("http://127.0.0.1:3000"),
  additional_redirect_urls: z.array(z.string()).default([]),
  jwt_expiry: z.int().min(1).max(604_800).default(3600),
  jwt_issuer: z.string().optional(),
  enable_refresh_token_rotation: z.boolean().default(true),
  refresh_token_reuse_interval: z.int().min(0).default(10),
  enable_signup: z.boolean().default(true),
  enable_anonymous_sign_ins: z
    .literal(false, { error: "the local stack has no anonymous sign-ins" })
    .default(false),
  enable_manual_linking: z.boolean().default(false),
  minimum_password_length: z.int().min(6).default(6),
  password_requirements: z
    .enum([
      "",
      "letters_digits",
      "lower_upper_letters_digits",
      "lower_upper_letters_digits_symbols",
    ])
    .default(""),
  email: email.default(email.parse({})),
  sessions: sessions.default({}),
  rate_limit: rateLimit.default(rateLimit.parse({})),
  mfa: mfa.default(mfa.parse({})),
  hook: hooks.default(hooks.parse({})),
  external: z.record(z.string(), externalProvider).default({}),
});

const bucket = z.object({
  public: z.boolean().default(false),
  file_size_limit: byteSize.optional(),
  allowed_mime_types: z.array(z.string()).optional(),
});

/** `[storage]` */
export const storageToml = z.object({
  file_size_limit: byteSize.default(50 * UNITS.MIB),
  buckets: z.record(z.string(), bucket).default({}),
});

export type ApiToml = z.output<typeof apiToml>;
export type AuthToml = z.output<typeof authToml>;
export type StorageToml = z.output<typeof storageToml>;
