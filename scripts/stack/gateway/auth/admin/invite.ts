import { z } from "zod";
import { ADMIN_ACTOR, audit } from "../audit.ts";
import type { AuthContext } from "../context.ts";
import type { Account } from "../database.ts";
import { emailExists } from "../errors.ts";
import { jsonMap } from "../json.ts";
import { normalizeEmail } from "../request.ts";
import { inTransaction, sendInvite } from "../send-links.ts";
import { createUser } from "../sign-up.ts";
import { findUserByEmail, reloadAccount } from "../users.ts";

export const inviteBody = z.object({ email: z.string(), data: jsonMap.nullish() });

/** Creates an account without a password and mails its first link. */
export async function inviteUser(
  context: AuthContext,
  input: z.output<typeof inviteBody>,
  redirectTo: string,
): Promise<Account> {
  const email = normalizeEmail(input.email);
  const known = await findUserByEmail(context.sql, email);
  if (known?.email_confirmed_at) throw emailExists();
  return inTransaction(context, async (db, later) => {
    const user =
      known ?? (await createUser(db, { email, passwordHash: "", userMetadata: input.data ?? {} }));
    await audit(db, ADMIN_ACTOR, "user_invited", { user_id: user.id, user_email: email });
    await sendInvite(context, db, user, redirectTo, later);
    return reloadAccount(db, user.id);
  });
}
