import { actorOf, audit } from "../audit.ts";
import type { AuthContext } from "../context.ts";
import type { Db, UserRow } from "../database.ts";
import { AuthError, unprocessable, userBanned } from "../errors.ts";
import type { JsonMap } from "../json.ts";
import { clearOneTimeTokens } from "../one-time-tokens.ts";
import { normalizeEmail } from "../request.ts";
import { type Later, sendConfirmation } from "../send-links.ts";
import { createUser } from "../sign-up.ts";
import {
  findEmailOwner,
  findIdentity,
  findUserById,
  insertIdentity,
  isBanned,
  mergeAppMetadata,
  mergeUserMetadata,
  reloadAccount,
  touchIdentity,
  updateUser,
} from "../users.ts";
import type { ProviderClaims } from "./id-token.ts";
import type { Endpoints, Provider } from "./providers.ts";

/** A person as a provider describes them. */
interface Visitor {
  readonly provider: Provider;
  readonly subject: string;
  readonly email: string | undefined;
  readonly verified: boolean;
  /** What Supabase Auth keeps of it, in the identity and in the account's metadata. */
  readonly data: JsonMap;
}

export function visitorOf(
  provider: Provider,
  { issuer }: Endpoints,
  claims: ProviderClaims,
): Visitor {
  const { sub, email, name, picture, preferred_username: username } = claims;
  const verified = claims.email_verified === true || claims.email_verified === "true";
  const members = {
    iss: issuer,
    sub,
    provider_id: sub,
    email: email?.toLowerCase(),
    email_verified: verified,
    phone_verified: false,
    name,
    full_name: name,
    picture,
    avatar_url: picture,
    preferred_username: username,
  };
  const data: JsonMap = {};
  for (const [key, value] of Object.entries(members)) if (value !== undefined) data[key] = value;
  return { provider, subject: sub, email: email && normalizeEmail(email), verified, data };
}

const needsVerification = (name: string, sentence: string) =>
  unprocessable("provider_email_needs_verification", `Unverified email with ${name}. ${sentence}`);

/**
 * Somebody may have signed up with this address without proving it. Now its holder is here, so what the
 * other one left (password, identities, metadata) must not open the account.
 */
async function takeOver(db: Db, user: UserRow, visitor: Visitor): Promise<void> {
  await db`delete from auth.identities where user_id = ${user.id}`;
  await db`
    update auth.users set encrypted_password = '', raw_user_meta_data = ${db.json(visitor.data)}
    where id = ${user.id}`;
}

async function createVisitor(
  context: AuthContext,
  db: Db,
  visitor: Visitor,
  later: Later,
  redirectTo: string,
): Promise<UserRow | AuthError> {
  const { provider, email, verified, data, subject } = visitor;
  if (!context.config.enable_signup) {
    throw unprocessable("signup_disabled", "Signups not allowed for this instance");
  }
  if (!email) {
    throw new AuthError(
      500,
      "unexpected_failure",
      "Error getting user email from external provider",
    );
  }
  const user = await createUser(db, {
    email,
    passwordHash: "",
    userMetadata: data,
    identity: { provider: provider.name, providerId: subject, data },
  });
  if (verified) return user;
  await sendConfirmation(context, db, user, { redirectTo, challenge: undefined }, later);
  return needsVerification(
    provider.name,
    `A confirmation email has been sent to your ${provider.name} email`,
  );
}

async function accountOf(
  context: AuthContext,
  db: Db,
  visitor: Visitor,
  later: Later,
  redirectTo: string,
): Promise<UserRow | AuthError> {
  const { provider, subject, email, verified, data } = visitor;
  const identity = await findIdentity(db, provider.name, subject);
  const known = identity && (await findUserById(db, identity.user_id));
  if (known) {
    await touchIdentity(db, identity.id, data);
    await mergeUserMetadata(db, known, data);
    if (known.email_confirmed_at || (verified && email === known.email)) return known;
    return needsVerification(
      provider.name,
      `Verify the email with ${provider.name} in order to sign in`,
    );
  }
  const owner = email === undefined ? undefined : await findEmailOwner(db, email, null);
  if (!owner) return createVisitor(context, db, visitor, later, redirectTo);
  if (!verified) {
    throw needsVerification(
      provider.name,
      `Verify the email with ${provider.name} in order to sign in`,
    );
  }
  if (!owner.email_confirmed_at) await takeOver(db, owner, visitor);
  await insertIdentity(db, owner.id, provider.name, subject, data);
  return owner;
}

/**
 * The account of whoever a provider sent: the one with this identity, else the one with this verified
 * address, else a new one.
 *
 * @returns an error for what is kept although nobody is signed in: the account waits for its mail.
 */
export async function signInVisitor(
  context: AuthContext,
  db: Db,
  visitor: Visitor,
  later: Later,
  redirectTo: string,
): Promise<UserRow | AuthError> {
  const user = await accountOf(context, db, visitor, later, redirectTo);
  if (user instanceof AuthError) return user;
  if (isBanned(user)) throw userBanned();
  const traits = { provider: visitor.provider.name };
  if (user.email_confirmed_at) await audit(db, actorOf(user), "login", traits);
  else {
    await audit(db, actorOf(user), "user_signedup", traits);
    await updateUser(db, user.id, { confirmation_token: "", email_confirmed_at: new Date() });
    await clearOneTimeTokens(db, user.id);
  }
  const { user: current, identities } = await reloadAccount(db, user.id);
  const providers = identities.map(({ provider }) => provider);
  const [first = visitor.provider.name] = providers;
  await mergeAppMetadata(db, current, { provider: first, providers });
  return current;
}
