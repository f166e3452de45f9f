import type { Hono } from "hono";
import { z } from "zod";
import { actorOf, audit } from "../audit.ts";
import { requireSignedIn, type SignedIn } from "../authenticate.ts";
import type { AuthContext } from "../context.ts";
import type { Db, UserRow } from "../database.ts";
import {
  AuthError,
  badRequest,
  emailExists,
  forbidden,
  unprocessable,
  validationFailed,
} from "../errors.ts";
import { jsonMap } from "../json.ts";
import { clearOneTimeTokens, hashOtp, isTokenExpired } from "../one-time-tokens.ts";
import { requireStrongPassword } from "../passwords.ts";
import { challengeOf, pkceFields } from "../pkce.ts";
import { presentUser } from "../present.ts";
import { redirectTarget } from "../redirects.ts";
import {
  type AuthBindings,
  normalizeEmail,
  optionalText,
  readBody,
  wantedRedirect,
} from "../request.ts";
import { inTransaction, sendEmailChange } from "../send-links.ts";
import { endSessions } from "../sessions.ts";
import { findEmailOwner, mergeUserMetadata, reloadAccount, updateUser } from "../users.ts";

const body = z.object({
  email: optionalText,
  phone: optionalText,
  password: optionalText,
  current_password: optionalText,
  nonce: optionalText,
  data: jsonMap.nullish(),
  app_metadata: jsonMap.nullish(),
  ...pkceFields,
});

type Changes = z.output<typeof body>;

/** A session older than this has to prove itself again before it may set a password. */
const RECENT_SIGN_IN_MS = 24 * 3600 * 1000;
/** The same sentence for a missing and a wrong one; the code tells them apart. */
const NEEDS_CURRENT = "Current password required when setting new password.";
/** Sessions that a mail opened: whoever holds them may have forgotten the password. */
const RECOVERY_METHODS = ["otp", "magiclink", "recovery"];

async function requireNonce(context: AuthContext, user: UserRow, nonce: string | null | undefined) {
  if (!nonce) {
    throw badRequest("reauthentication_needed", "Password update requires reauthentication");
  }
  const valid =
    user.reauthentication_token === hashOtp(user.email ?? "", nonce) &&
    !isTokenExpired(user, "reauthentication_token", context.config);
  if (!valid) {
    throw unprocessable("reauthentication_not_valid", "Nonce has expired or is invalid");
  }
  await updateUser(context.sql, user.id, { reauthentication_token: "" });
  await clearOneTimeTokens(context.sql, user.id, "reauthentication_token");
}

async function requireCurrentPassword(
  context: AuthContext,
  { account: { user }, session }: SignedIn,
  given: string | null | undefined,
): Promise<void> {
  const [recovery] = await context.sql`
    select from auth.mfa_amr_claims where session_id = ${session.id}
      and authentication_method in ${context.sql(RECOVERY_METHODS)} limit 1`;
  if (recovery || !user.encrypted_password) return;
  if (!given) {
    throw badRequest("current_password_required", NEEDS_CURRENT);
  }
  if (!(await context.passwords.matches(given, user.encrypted_password))) {
    throw badRequest("current_password_invalid", NEEDS_CURRENT);
  }
}

async function checkPasswordChange(
  context: AuthContext,
  signedIn: SignedIn,
  { password, current_password: current, nonce }: Changes,
): Promise<void> {
  if (!password) return;
  const { user } = signedIn.account;
  const { email } = context.config;
  requireStrongPassword(password, context.config);
  const recent = Date.now() - signedIn.session.created_at.getTime() < RECENT_SIGN_IN_MS;
  if (email.secure_password_change && !recent) await requireNonce(context, user, nonce);
  if (email.require_current_password) await requireCurrentPassword(context, signedIn, current);
  if (await context.passwords.matches(password, user.encrypted_password)) {
    throw unprocessable("same_password", "New password should be different from the old password.");
  }
}

function requireAssurance({ account, session }: SignedIn, { password, email }: Changes): void {
  const sensitive = password || (email && email.toLowerCase() !== account.user.email);
  const enrolled = account.factors.some(({ status }) => status === "verified");
  if (!sensitive || !enrolled || session.aal !== "aal1") return;
  throw new AuthError(
    401,
    "insufficient_aal",
    "AAL2 session is required to update email or password when MFA is enabled.",
  );
}

/** A new password ends every other session and every open mail of the account. */
async function setPassword(
  context: AuthContext,
  db: Db,
  { account: { user }, session }: SignedIn,
  password: string,
): Promise<void> {
  await updateUser(db, user.id, {
    encrypted_password: await context.passwords.hash(password),
    confirmation_token: "",
    recovery_token: "",
    email_change_token_current: "",
    email_change_token_new: "",
    reauthentication_token: "",
  });
  await clearOneTimeTokens(db, user.id);
  await endSessions(db, user.id, "others", session.id);
  await audit(db, actorOf(user), "user_updated_password");
}

export function addUser(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.get("/user", async (c) => {
    const { account } = await requireSignedIn(context, c);
    return c.json(presentUser(account));
  });
  app.put("/user", async (c) => {
    const changes = await readBody(c, body);
    const signedIn = await requireSignedIn(context, c);
    const { user } = signedIn.account;
    if (changes.app_metadata) {
      throw forbidden("not_admin", "Updating app_metadata requires admin privileges");
    }
    if (changes.phone) throw validationFailed("Unable to validate phone number: phone is disabled");
    requireAssurance(signedIn, changes);
    const email = changes.email ? normalizeEmail(changes.email) : user.email;
    if (email && email !== user.email && (await findEmailOwner(context.sql, email, user.id))) {
      throw emailExists();
    }
    await checkPasswordChange(context, signedIn, changes);
    const link = {
      redirectTo: redirectTarget(context.config, wantedRedirect(c), c.req.header("referer")),
      challenge: challengeOf(changes),
    };
    const account = await inTransaction(context, async (db, later) => {
      if (changes.password) await setPassword(context, db, signedIn, changes.password);
      if (changes.data) await mergeUserMetadata(db, user, changes.data);
      if (email && email !== user.email) {
        await sendEmailChange(context, db, user, email, link, later);
      }
      await audit(db, actorOf(user), "user_modified");
      return reloadAccount(db, user.id);
    });
    return c.json(presentUser(account));
  });
}
