import { z } from "zod";

/**
 * What Supabase Auth answers, member by member. Strict objects: a member that the real service does
 * not send is a difference too.
 */
const dateTime = z.iso.datetime({ offset: true });
const metadata = z.record(z.string(), z.unknown());

const identity = z.strictObject({
  identity_id: z.uuid(),
  id: z.string(),
  user_id: z.uuid(),
  identity_data: metadata,
  provider: z.string(),
  last_sign_in_at: dateTime.optional(),
  created_at: dateTime.optional(),
  updated_at: dateTime.optional(),
  email: z.email().optional(),
});

const factor = z.strictObject({
  id: z.uuid(),
  status: z.enum(["verified", "unverified"]),
  friendly_name: z.string().optional(),
  factor_type: z.enum(["totp", "phone", "webauthn"]),
  phone: z.string().nullish(),
  created_at: dateTime,
  updated_at: dateTime,
  last_challenged_at: dateTime.nullish(),
});

export const userSchema = z.strictObject({
  id: z.uuid(),
  aud: z.string(),
  role: z.string(),
  email: z.string(),
  phone: z.string(),
  email_confirmed_at: dateTime.optional(),
  invited_at: dateTime.optional(),
  phone_confirmed_at: dateTime.optional(),
  confirmation_sent_at: dateTime.optional(),
  confirmed_at: dateTime.optional(),
  recovery_sent_at: dateTime.optional(),
  new_email: z.string().optional(),
  email_change_sent_at: dateTime.optional(),
  new_phone: z.string().optional(),
  phone_change_sent_at: dateTime.optional(),
  reauthentication_sent_at: dateTime.optional(),
  last_sign_in_at: dateTime.optional(),
  app_metadata: metadata,
  user_metadata: metadata,
  factors: z.array(factor).optional(),
  identities: z.array(identity),
  created_at: dateTime,
  updated_at: dateTime,
  banned_until: dateTime.optional(),
  deleted_at: dateTime.optional(),
  is_anonymous: z.boolean(),
});

export const tokenResponseSchema = z.strictObject({
  access_token: z.jwt({ alg: "ES256" }),
  token_type: z.literal("bearer"),
  expires_in: z.int().positive(),
  expires_at: z.int().positive(),
  refresh_token: z.string().min(12),
  user: userSchema,
  weak_password: z
    .strictObject({
      message: z.string(),
      reasons: z.array(z.enum(["length", "characters", "pwned"])),
    })
    .optional(),
});

export const userPageSchema = z.strictObject({ aud: z.string(), users: z.array(userSchema) });

export const linkSchema = z.looseObject({
  ...userSchema.shape,
  action_link: z.url(),
  email_otp: z.string().regex(/^\d{6,10}$/),
  hashed_token: z.string().regex(/^[0-9a-f]{56}$/),
  verification_type: z.string(),
  redirect_to: z.url(),
});

/** Since 2024-01-01 errors name their code; older clients get the status as `code`. */
export const errorSchema = z.strictObject({ code: z.string(), message: z.string() });
export const legacyErrorSchema = z.strictObject({
  code: z.int(),
  error_code: z.string(),
  msg: z.string(),
});

export const settingsSchema = z.looseObject({
  external: z.record(z.string(), z.boolean()),
  disable_signup: z.boolean(),
  mailer_autoconfirm: z.boolean(),
  phone_autoconfirm: z.boolean(),
  sms_provider: z.string(),
  saml_enabled: z.boolean(),
});

export const healthSchema = z.strictObject({
  version: z.string(),
  name: z.literal("GoTrue"),
  description: z.string(),
});

const amr = z.array(z.strictObject({ method: z.string(), timestamp: z.int() })).min(1);

/** All claims of an access token; a custom access token hook may add to them. */
export const claimsSchema = z.strictObject({
  iss: z.url(),
  sub: z.uuid(),
  aud: z.literal("authenticated"),
  exp: z.int(),
  iat: z.int(),
  email: z.email(),
  phone: z.string(),
  app_metadata: metadata,
  user_metadata: metadata,
  role: z.literal("authenticated"),
  aal: z.enum(["aal1", "aal2"]),
  amr,
  session_id: z.uuid(),
  is_anonymous: z.boolean(),
});
