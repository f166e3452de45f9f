import { actorOf, audit } from "./audit.ts";
import type { AuthContext } from "./context.ts";
import type { Db, UserRow } from "./database.ts";
import { newOneTimeToken, requireQuiet, storeOneTimeToken } from "./one-time-tokens.ts";
import { type Challenge, startFlow } from "./pkce.ts";

/** How a mail is to be sent: where its link ends, and whether it hands out a code or a session. */
export interface LinkOptions {
  readonly redirectTo: string;
  readonly challenge: Challenge | undefined;
}

/** Mails are handed over after the transaction: none may be sent for what was rolled back. */
export type Later = (send: () => void) => void;

export async function sendConfirmation(
  context: AuthContext,
  db: Db,
  user: UserRow,
  options: LinkOptions,
  later: Later,
): Promise<UserRow> {
  const { config, mailer } = context;
  const email = user.email ?? "";
  requireQuiet(user, "confirmation_token", config);
  if (options.challenge) await startFlow(db, options.challenge, "email/signup", user.id);
  const token = newOneTimeToken(email, config, options.challenge !== undefined);
  const stored = await storeOneTimeToken(db, user, "confirmation_token", token.hash, email);
  await audit(db, actorOf(user), "user_confirmation_requested", { provider: "email" });
  later(() =>
    mailer.sendLink("confirmation", { to: email, token, redirectTo: options.redirectTo }),
  );
  return stored;
}

async function sendRecoveryToken(
  kind: "recovery" | "magic_link",
  context: AuthContext,
  db: Db,
  user: UserRow,
  options: LinkOptions,
  later: Later,
): Promise<void> {
  const { config, mailer } = context;
  const email = user.email ?? "";
  requireQuiet(user, "recovery_token", config);
  const method = kind === "recovery" ? "recovery" : "magiclink";
  if (options.challenge) await startFlow(db, options.challenge, method, user.id);
  const token = newOneTimeToken(email, config, options.challenge !== undefined);
  await storeOneTimeToken(db, user, "recovery_token", token.hash, email);
  await audit(db, actorOf(user), "user_recovery_requested");
  later(() => mailer.sendLink(kind, { to: email, token, redirectTo: options.redirectTo }));
}

export const sendRecovery = sendRecoveryToken.bind(undefined, "recovery");
export const sendMagicLink = sendRecoveryToken.bind(undefined, "magic_link");

export async function sendInvite(
  context: AuthContext,
  db: Db,
  user: UserRow,
  redirectTo: string,
  later: Later,
): Promise<UserRow> {
  const email = user.email ?? "";
  const token = newOneTimeToken(email, context.config, false);
  const stored = await storeOneTimeToken(db, user, "confirmation_token", token.hash, email, {
    invited_at: new Date(),
  });
  later(() => context.mailer.sendLink("invite", { to: email, token, redirectTo }));
  return stored;
}

/** Two mails where both addresses have to agree, else one to the new address. */
export async function sendEmailChange(
  context: AuthContext,
  db: Db,
  user: UserRow,
  newEmail: string,
  options: LinkOptions,
  later: Later,
): Promise<UserRow> {
  const { config, mailer } = context;
  requireQuiet(user, "email_change_token_new", config);
  const current = user.email ?? "";
  const pkce = options.challenge !== undefined;
  if (options.challenge) await startFlow(db, options.challenge, "email_change", user.id);
  const letter = { redirectTo: options.redirectTo, newEmail, accountEmail: current };
  const forNew = newOneTimeToken(newEmail, config, pkce);
  const change = { email_change: newEmail, email_change_confirm_status: 0 };
  let stored = await storeOneTimeToken(
    db,
    user,
    "email_change_token_new",
    forNew.hash,
    newEmail,
    change,
  );
  if (config.email.double_confirm_changes && current !== "") {
    const forCurrent = newOneTimeToken(current, config, pkce);
    stored = await storeOneTimeToken(
      db,
      user,
      "email_change_token_current",
      forCurrent.hash,
      current,
    );
    later(() => mailer.sendLink("email_change", { ...letter, to: current, token: forCurrent }));
  }
  later(() => mailer.sendLink("email_change", { ...letter, to: newEmail, token: forNew }));
  return stored;
}

/** Runs `work` in one transaction, then what it put off. */
export async function inTransaction<T>(
  context: AuthContext,
  work: (db: Db, later: Later) => Promise<T>,
): Promise<T> {
  const sends: (() => void)[] = [];
  const box = await context.sql.begin(async (tx) => {
    const value = await work(tx, (send) => sends.push(send));
    context.admitMails(sends.length);
    return { value };
  });
  for (const send of sends) send();
  return box.value;
}
