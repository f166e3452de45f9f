import type { Account, FactorRow, IdentityRow, UserRow } from "./database.ts";
import type { JsonMap } from "./json.ts";

/** Members without a value are left out, as Go's `omitempty` does. */
function compact<T extends Record<string, unknown>>(value: T): Partial<T> {
  const kept: Partial<T> = { ...value };
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === null || member === undefined || member === "") Reflect.deleteProperty(kept, key);
  }
  return kept;
}

function presentIdentity(identity: IdentityRow) {
  return {
    identity_id: identity.id,
    id: identity.provider_id,
    user_id: identity.user_id,
    identity_data: identity.identity_data,
    provider: identity.provider,
    ...compact({
      last_sign_in_at: identity.last_sign_in_at,
      created_at: identity.created_at,
      updated_at: identity.updated_at,
      email: identity.email,
    }),
  };
}

export function presentFactor(factor: FactorRow) {
  return {
    id: factor.id,
    status: factor.status,
    factor_type: factor.factor_type,
    created_at: factor.created_at,
    updated_at: factor.updated_at,
    ...compact({
      friendly_name: factor.friendly_name,
      phone: factor.phone,
      last_challenged_at: factor.last_challenged_at,
    }),
  };
}

const datesOf = (user: UserRow) =>
  compact({
    email_confirmed_at: user.email_confirmed_at,
    invited_at: user.invited_at,
    phone_confirmed_at: user.phone_confirmed_at,
    confirmation_sent_at: user.confirmation_sent_at,
    confirmed_at: user.confirmed_at,
    recovery_sent_at: user.recovery_sent_at,
    new_email: user.email_change,
    email_change_sent_at: user.email_change_sent_at,
    reauthentication_sent_at: user.reauthentication_sent_at,
    last_sign_in_at: user.last_sign_in_at,
    banned_until: user.banned_until,
    deleted_at: user.deleted_at,
  });

/** The user object of Supabase Auth's answers. */
export function presentUser({ user, identities, factors }: Account) {
  return {
    id: user.id,
    aud: user.aud ?? "",
    role: user.role ?? "",
    email: user.email ?? "",
    phone: user.phone ?? "",
    ...datesOf(user),
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    ...(factors.length > 0 ? { factors: factors.map(presentFactor) } : {}),
    identities: identities.map(presentIdentity),
    created_at: user.created_at,
    updated_at: user.updated_at,
    is_anonymous: user.is_anonymous,
  };
}

/**
 * What a repeated sign-up gets: it looks like a new, unconfirmed account and tells nothing about the
 * existing one.
 */
export function presentDecoy(email: string, userMetadata: JsonMap) {
  const now = new Date();
  return {
    id: crypto.randomUUID(),
    aud: "authenticated",
    role: "",
    email,
    phone: "",
    confirmation_sent_at: now,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: userMetadata,
    identities: [],
    created_at: now,
    updated_at: now,
    is_anonymous: false,
  };
}
