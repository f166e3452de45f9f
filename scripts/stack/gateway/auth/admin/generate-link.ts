import { z } from "zod";
import { ADMIN_ACTOR, actorOf, audit } from "../audit.ts";
import type { AuthContext } from "../context.ts";
import type { Db, UserRow } from "../database.ts";
import { emailExists, notFound, validationFailed } from "../errors.ts";
import { jsonMap } from "../json.ts";
import { actionLink } from "../mailer.ts";
import {
  hashOtp,
  newOneTimeToken,
  type OneTimeToken,
  storeOneTimeToken,
} from "../one-time-tokens.ts";
import { randomPassword, requireStrongPassword } from "../passwords.ts";
import { presentUser } from "../present.ts";
import { normalizeEmail, optionalText } from "../request.ts";
import { createUser } from "../sign-up.ts";
import { findEmailOwner, findUserByEmail, mergeUserMetadata, reloadAccount } from "../users.ts";

export const generateLinkBody = z.object({
  type: z.string(),
  email: z.string(),
  new_email: optionalText,
  password: optionalText,
  data: jsonMap.nullish(),
  redirect_to: optionalText,
});

type LinkInput = z.output<typeof generateLinkBody>;

interface LinkRequest {
  readonly context: AuthContext;
  readonly input: LinkInput;
  readonly email: string;
  readonly token: OneTimeToken;
}

async function newUser({ context, input, email }: LinkRequest, db: Db, invited: boolean) {
  const password = input.password || randomPassword();
  if (!invited && input.password) requireStrongPassword(input.password, context.config);
  return createUser(db, {
    email,
    passwordHash: invited ? "" : await context.passwords.hash(password),
    userMetadata: input.data ?? {},
  });
}

async function confirmationLink(
  request: LinkRequest,
  db: Db,
  known: UserRow | undefined,
  invited: boolean,
): Promise<UserRow> {
  if (known?.email_confirmed_at) throw emailExists();
  if (known && request.input.data) await mergeUserMetadata(db, known, request.input.data);
  const user = known ?? (await newUser(request, db, invited));
  if (invited) {
    await audit(db, ADMIN_ACTOR, "user_invited", { user_id: user.id, user_email: request.email });
  }
  const { token, email } = request;
  const more = invited ? { invited_at: new Date() } : {};
  return storeOneTimeToken(db, user, "confirmation_token", token.hash, email, more);
}

async function emailChangeLink(
  { context, input, email, token }: LinkRequest,
  db: Db,
  user: UserRow,
): Promise<UserRow> {
  const current = input.type === "email_change_current";
  if (current && !context.config.email.double_confirm_changes) {
    throw validationFailed("Enable secure email change to generate link for current email");
  }
  const newEmail = normalizeEmail(input.new_email ?? "");
  if (await findEmailOwner(db, newEmail, user.id)) throw emailExists();
  const change = { email_change: newEmail, email_change_confirm_status: 0 };
  if (current) {
    return storeOneTimeToken(db, user, "email_change_token_current", token.hash, email, change);
  }
  const hash = hashOtp(newEmail, token.otp);
  return storeOneTimeToken(db, user, "email_change_token_new", hash, newEmail, change);
}

async function prepare(request: LinkRequest, db: Db, type: string): Promise<UserRow> {
  const { email, token } = request;
  const known = await findUserByEmail(db, email);
  if (type === "signup" || type === "invite") {
    return confirmationLink(request, db, known, type === "invite");
  }
  if (!known) throw notFound("user_not_found", "User with this email not found");
  if (type === "email_change_current" || type === "email_change_new") {
    return emailChangeLink(request, db, known);
  }
  await audit(db, actorOf(known), "user_recovery_requested");
  return storeOneTimeToken(db, known, "recovery_token", token.hash, email);
}

const TYPES = new Set([
  "signup",
  "invite",
  "magiclink",
  "recovery",
  "email_change_current",
  "email_change_new",
]);

/** A link as a mail would carry it, for whoever sends the mail themselves. */
export async function generateLink(context: AuthContext, input: LinkInput, redirectTo: string) {
  const email = normalizeEmail(input.email);
  if (!TYPES.has(input.type)) {
    throw validationFailed(`Invalid email action link type requested: ${input.type}`);
  }
  const known = await findUserByEmail(context.sql, email);
  // Signing in somebody unknown means signing them up.
  const type = input.type === "magiclink" && !known ? "signup" : input.type;
  const token = newOneTimeToken(email, context.config, false);
  const request = { context, input, email, token };
  const account = await context.sql.begin(async (tx) => {
    const { id } = await prepare(request, tx, type);
    return reloadAccount(tx, id);
  });
  const changed = type === "email_change_new";
  const hash = changed ? (account.user.email_change_token_new ?? "") : token.hash;
  const linkType = type.startsWith("email_change") ? "email_change" : type;
  return {
    ...presentUser(account),
    action_link: actionLink(context.externalUrl, hash, linkType, redirectTo),
    email_otp: token.otp,
    hashed_token: hash,
    verification_type: type,
    redirect_to: redirectTo,
  };
}
