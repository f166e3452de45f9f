import postgres from "postgres";
import { logProblem } from "../log.ts";
import { actorOf, audit } from "./audit.ts";
import { confirmEmail } from "./confirm.ts";
import type { AuthContext, Client } from "./context.ts";
import type { Db, UserRow } from "./database.ts";
import { AuthError, unprocessable } from "./errors.ts";
import type { JsonMap } from "./json.ts";
import { presentDecoy, presentUser } from "./present.ts";
import { inTransaction, type LinkOptions, sendConfirmation } from "./send-links.ts";
import { openSession } from "./sessions.ts";
import { findEmailOwner, insertEmailUser, type NewUser, reloadAccount } from "./users.ts";

const UNIQUE_VIOLATION = "23505";

/**
 * Stores a new account. What a trigger on `auth.users` refuses comes back as on the platform: one
 * fixed sentence, the cause in the log.
 */
export async function createUser(db: Db, input: NewUser): Promise<UserRow> {
  try {
    return await insertEmailUser(db, input);
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === UNIQUE_VIOLATION) {
      throw unprocessable("user_already_exists", "User already registered");
    }
    logProblem("auth", error);
    throw new AuthError(500, "unexpected_failure", "Database error saving new user");
  }
}

export interface SignUp {
  readonly email: string;
  readonly password: string;
  readonly data: JsonMap;
  readonly link: LinkOptions;
  readonly client: Client;
}

/** What Supabase Auth writes into the metadata of whoever signs up by e-mail. */
const withClaims = (data: JsonMap, email: string, id: string): JsonMap => ({
  ...data,
  email,
  email_verified: false,
  phone_verified: false,
  sub: id,
});

async function repeatedSignUp(context: AuthContext, owner: UserRow, signUp: SignUp) {
  await audit(context.sql, actorOf(owner), "user_repeated_signup", { provider: "email" });
  if (!context.config.email.enable_confirmations) {
    throw unprocessable("user_already_exists", "User already registered");
  }
  return presentDecoy(signUp.email, signUp.data);
}

async function storeSignUp(context: AuthContext, db: Db, signUp: SignUp): Promise<UserRow> {
  const { email, password, data } = signUp;
  const id = crypto.randomUUID();
  return createUser(db, {
    id,
    email,
    passwordHash: await context.passwords.hash(password),
    userMetadata: withClaims(data, email, id),
    identityData: data,
  });
}

/**
 * Signs an account up. Without confirmations it is signed in at once; with them a mail goes out, and
 * somebody else's confirmed address gets an answer that looks the same.
 */
export async function signUpWithEmail(context: AuthContext, signUp: SignUp) {
  const owner = await findEmailOwner(context.sql, signUp.email, null);
  if (owner?.email_confirmed_at) return repeatedSignUp(context, owner, signUp);
  return inTransaction(context, async (db, later) => {
    // An unconfirmed account keeps its first password and data: nobody has proved who they are.
    const user = owner ?? (await storeSignUp(context, db, signUp));
    if (context.config.email.enable_confirmations) {
      await sendConfirmation(context, db, user, signUp.link, later);
      return presentUser(await reloadAccount(db, user.id));
    }
    await audit(db, actorOf(user), "user_signedup", { provider: "email" });
    await confirmEmail(db, user);
    await audit(db, actorOf(user), "login", { provider: "email" });
    return openSession(context, db, user.id, "password", signUp.client);
  });
}
