import { actorOf, audit } from "./audit.ts";
import type { AuthContext } from "./context.ts";
import type { Account, Db, UserRow } from "./database.ts";
import { otpExpired, userBanned, validationFailed } from "./errors.ts";
import {
  clearOneTimeTokens,
  type FoundToken,
  findOneTimeToken,
  isTokenExpired,
  type OneTimeTokenType,
} from "./one-time-tokens.ts";
import { randomPassword } from "./passwords.ts";
import {
  findUserById,
  isBanned,
  mergeAppMetadata,
  mergeUserMetadata,
  reloadAccount,
  setEmailIdentity,
  updateUser,
} from "./users.ts";

/** What a verified token stood for; `email` resolves to one of the first two. */
export type VerifiedKind = "signup" | "magiclink" | "recovery" | "invite" | "email_change";

const TOKEN_TYPES: Record<VerifiedKind | "email", readonly OneTimeTokenType[]> = {
  signup: ["confirmation_token"],
  invite: ["confirmation_token"],
  magiclink: ["recovery_token"],
  recovery: ["recovery_token"],
  email: ["confirmation_token", "recovery_token"],
  email_change: ["email_change_token_current", "email_change_token_new"],
};

const isVerifyType = (type: string): type is VerifiedKind | "email" =>
  Object.hasOwn(TOKEN_TYPES, type);

/** `half`: one of two addresses has agreed; the change waits for the other. */
export type Confirmation =
  | { readonly state: "done"; readonly account: Account; readonly kind: VerifiedKind }
  | { readonly state: "half" };

/** Marks the address as confirmed; every other open token of the account ends. */
export async function confirmEmail(db: Db, user: UserRow): Promise<void> {
  await updateUser(db, user.id, { confirmation_token: "", email_confirmed_at: new Date() });
  await mergeUserMetadata(db, user, { email_verified: true });
  await setEmailIdentity(db, user.id, { email: user.email, email_verified: true });
  await clearOneTimeTokens(db, user.id);
}

async function confirmSignup(context: AuthContext, db: Db, user: UserRow): Promise<void> {
  if (!user.encrypted_password && user.invited_at) {
    const hash = await context.passwords.hash(randomPassword());
    await updateUser(db, user.id, { encrypted_password: hash });
  }
  await audit(db, actorOf(user), "user_signedup", { provider: "email" });
  await confirmEmail(db, user);
}

async function confirmRecovery(db: Db, user: UserRow): Promise<void> {
  await updateUser(db, user.id, { recovery_token: "" });
  await clearOneTimeTokens(db, user.id, "recovery_token");
  if (user.email_confirmed_at) {
    await audit(db, actorOf(user), "login");
    return;
  }
  await audit(db, actorOf(user), "user_signedup", { provider: "email" });
  await confirmEmail(db, user);
}

async function confirmEmailChange(
  context: AuthContext,
  db: Db,
  user: UserRow,
  token: FoundToken,
): Promise<"half" | "done"> {
  const { enable_confirmations: confirms, double_confirm_changes: both } = context.config.email;
  const needsBoth = confirms && both && user.email !== null;
  if (needsBoth && user.email_change_confirm_status === 0) {
    await updateUser(db, user.id, { email_change_confirm_status: 1, [token.type]: "" });
    await clearOneTimeTokens(db, user.id, token.type);
    return "half";
  }
  const email = user.email_change;
  await audit(db, actorOf(user), "user_modified");
  await setEmailIdentity(db, user.id, { email, email_verified: true });
  await updateUser(db, user.id, {
    email,
    email_change: "",
    email_change_token_current: "",
    email_change_token_new: "",
    email_change_confirm_status: 0,
    is_anonymous: false,
    email_confirmed_at: user.email_confirmed_at ?? new Date(),
  });
  await clearOneTimeTokens(db, user.id);
  return "done";
}

function kindOf(type: VerifiedKind | "email", token: FoundToken): VerifiedKind {
  if (type !== "email") return type;
  return token.type === "confirmation_token" ? "signup" : "magiclink";
}

async function keepProviders(db: Db, account: Account): Promise<void> {
  const providers = account.identities.map(({ provider }) => provider);
  const [provider] = providers;
  if (provider) await mergeAppMetadata(db, account.user, { provider, providers });
}

/**
 * Uses up a one-time token and does what it was sent for.
 *
 * @param message what the answer says when the token is unknown, used or too old.
 */
export async function confirmToken(
  context: AuthContext,
  db: Db,
  type: string,
  hash: string,
  message: string,
): Promise<Confirmation> {
  if (!isVerifyType(type)) throw validationFailed("Unsupported verification type");
  const token = await findOneTimeToken(db, hash, TOKEN_TYPES[type]);
  const user = token && (await findUserById(db, token.userId));
  if (!token || !user) throw otpExpired(message);
  if (isBanned(user)) throw userBanned();
  if (isTokenExpired(user, token.type, context.config)) throw otpExpired(message);
  const kind = kindOf(type, token);
  if (kind === "signup" || kind === "invite") await confirmSignup(context, db, user);
  else if (kind === "magiclink" || kind === "recovery") await confirmRecovery(db, user);
  else if ((await confirmEmailChange(context, db, user, token)) === "half") {
    return { state: "half" };
  }
  await keepProviders(db, await reloadAccount(db, user.id));
  return { state: "done", account: await reloadAccount(db, user.id), kind };
}
