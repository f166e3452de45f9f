import { createHash } from "node:crypto";
import { logProblem } from "../../log.ts";
import { ADMIN_ACTOR, audit } from "../audit.ts";
import type { AuthContext } from "../context.ts";
import type { Account, Db, UserRow } from "../database.ts";
import { AuthError } from "../errors.ts";
import { clearOneTimeTokens } from "../one-time-tokens.ts";
import { endSessions } from "../sessions.ts";
import { updateUser } from "../users.ts";

/** Same input, same output, and no way back: the address can be used by somebody else again. */
const obfuscate = (user: UserRow, value: string) =>
  createHash("sha256").update(`${user.id}${value}`).digest("base64url");

async function softDelete(db: Db, { user, identities }: Account): Promise<void> {
  if (user.deleted_at) return;
  await updateUser(db, user.id, {
    email: obfuscate(user, user.email ?? ""),
    phone: obfuscate(user, user.phone ?? "").slice(0, 15),
    email_change: obfuscate(user, user.email_change ?? ""),
    encrypted_password: null,
    confirmation_token: "",
    recovery_token: "",
    email_change_token_current: "",
    email_change_token_new: "",
    deleted_at: new Date(),
  });
  await db`
    update auth.users set raw_user_meta_data = '{}', raw_app_meta_data = '{}' where id = ${user.id}`;
  for (const { id, provider, provider_id } of identities) {
    await db`
      update auth.identities
      set identity_data = '{}', provider_id = ${obfuscate(user, `${provider}:${provider_id}`)}
      where id = ${id}`;
  }
  await clearOneTimeTokens(db, user.id);
  await db`delete from auth.mfa_factors where user_id = ${user.id}`;
  await endSessions(db, user.id, "global", null);
}

/** Soft deletion keeps the row for whatever refers to it, without anything personal. */
export async function deleteUser(
  context: AuthContext,
  account: Account,
  soft: boolean,
): Promise<void> {
  const { user } = account;
  try {
    await context.sql.begin(async (tx) => {
      await audit(tx, ADMIN_ACTOR, "user_deleted", {
        user_id: user.id,
        user_email: user.email ?? "",
        user_phone: user.phone ?? "",
      });
      if (soft) await softDelete(tx, account);
      else await tx`delete from auth.users where id = ${user.id}`;
    });
  } catch (error) {
    // A foreign key without cascade, or a trigger, keeps the account.
    logProblem("auth", error);
    throw new AuthError(500, "unexpected_failure", "Database error deleting user");
  }
}
