import { z } from "zod";
import { ADMIN_ACTOR, audit } from "../audit.ts";
import { confirmEmail } from "../confirm.ts";
import type { AuthContext } from "../context.ts";
import type { Account, Db, UserRow } from "../database.ts";
import { badRequest, emailExists, validationFailed } from "../errors.ts";
import { jsonMap } from "../json.ts";
import { isBcryptHash, randomPassword, requireStrongPassword } from "../passwords.ts";
import { normalizeEmail, optionalText } from "../request.ts";
import { endSessions } from "../sessions.ts";
import { createUser } from "../sign-up.ts";
import {
  findEmailOwner,
  findUserById,
  mergeAppMetadata,
  mergeUserMetadata,
  reloadAccount,
  setEmailIdentity,
  type UserPatch,
  updateUser,
} from "../users.ts";
import { banEnd } from "./ban-duration.ts";

export const adminUserBody = z.object({
  id: optionalText,
  role: optionalText,
  email: optionalText,
  phone: optionalText,
  password: optionalText,
  password_hash: optionalText,
  email_confirm: z.boolean().nullish(),
  phone_confirm: z.boolean().nullish(),
  user_metadata: jsonMap.nullish(),
  app_metadata: jsonMap.nullish(),
  ban_duration: optionalText,
});

export type AdminUserInput = z.output<typeof adminUserBody>;

function requireSupported(input: AdminUserInput): void {
  if (input.phone) throw badRequest("phone_provider_disabled", "Phone logins are disabled");
  if (input.password && input.password_hash) {
    throw validationFailed("Only a password or a password hash should be provided");
  }
  if (input.password_hash && !isBcryptHash(input.password_hash)) {
    throw validationFailed("The password hash must be a bcrypt hash");
  }
}

async function hashOf(context: AuthContext, input: AdminUserInput): Promise<string> {
  if (input.password_hash) return input.password_hash;
  return context.passwords.hash(input.password || randomPassword());
}

const traitsOf = (user: UserRow) => ({
  user_id: user.id,
  user_email: user.email ?? "",
  user_phone: user.phone ?? "",
});

async function refreshed(db: Db, id: string): Promise<UserRow> {
  const user = await findUserById(db, id);
  if (!user) throw new Error(`user ${id} is gone`);
  return user;
}

export async function createUserAsAdmin(
  context: AuthContext,
  input: AdminUserInput,
): Promise<Account> {
  requireSupported(input);
  if (!input.email) {
    throw validationFailed("Cannot create a user without either an email or phone");
  }
  if (input.id && !z.uuid().safeParse(input.id).success) {
    throw validationFailed("ID must conform to the uuid v4 format");
  }
  const email = normalizeEmail(input.email);
  const bannedUntil = input.ban_duration ? banEnd(input.ban_duration) : null;
  if (await findEmailOwner(context.sql, email, null)) throw emailExists();
  return context.sql.begin(async (tx) => {
    const user = await createUser(tx, {
      ...(input.id ? { id: input.id } : {}),
      ...(input.role ? { role: input.role } : {}),
      email,
      passwordHash: await hashOf(context, input),
      userMetadata: input.user_metadata ?? {},
    });
    await audit(tx, ADMIN_ACTOR, "user_signedup", { provider: "email", ...traitsOf(user) });
    if (input.app_metadata) await mergeAppMetadata(tx, user, input.app_metadata);
    if (input.email_confirm) await confirmEmail(tx, await refreshed(tx, user.id));
    if (bannedUntil) await updateUser(tx, user.id, { banned_until: bannedUntil });
    return reloadAccount(tx, user.id);
  });
}

async function passwordPatch(context: AuthContext, input: AdminUserInput): Promise<UserPatch> {
  if (!input.password && !input.password_hash) return {};
  return {
    encrypted_password: await hashOf(context, input),
    confirmation_token: "",
    recovery_token: "",
    email_change_token_current: "",
    email_change_token_new: "",
    reauthentication_token: "",
  };
}

export async function updateUserAsAdmin(
  context: AuthContext,
  { user }: Account,
  input: AdminUserInput,
): Promise<Account> {
  requireSupported(input);
  const email = input.email ? normalizeEmail(input.email) : undefined;
  const ban = input.ban_duration ? { banned_until: banEnd(input.ban_duration) } : {};
  if (input.password) requireStrongPassword(input.password, context.config);
  if (email && (await findEmailOwner(context.sql, email, user.id))) throw emailExists();
  return context.sql.begin(async (tx) => {
    const password = await passwordPatch(context, input);
    if (input.email_confirm) await confirmEmail(tx, user);
    if (email) await setEmailIdentity(tx, user.id, { email });
    const role = input.role ? { role: input.role } : {};
    await updateUser(tx, user.id, { ...role, ...ban, ...password, ...(email ? { email } : {}) });
    if (input.app_metadata) await mergeAppMetadata(tx, user, input.app_metadata);
    if (input.user_metadata) {
      await mergeUserMetadata(tx, await refreshed(tx, user.id), input.user_metadata);
    }
    // A password that somebody else set leaves no session of the former one.
    if ("encrypted_password" in password) await endSessions(tx, user.id, "global", null);
    await audit(tx, ADMIN_ACTOR, "user_modified", traitsOf(user));
    return reloadAccount(tx, user.id);
  });
}
