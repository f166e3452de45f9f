import type { Hono } from "hono";
import { actorOf, audit } from "../audit.ts";
import { requireSignedIn } from "../authenticate.ts";
import type { AuthContext } from "../context.ts";
import { validationFailed } from "../errors.ts";
import { newOneTimeToken, requireQuiet, storeOneTimeToken } from "../one-time-tokens.ts";
import type { AuthBindings } from "../request.ts";
import { inTransaction } from "../send-links.ts";
import { endSessions, type SignOutScope } from "../sessions.ts";

const SCOPES: Record<string, SignOutScope> = { global: "global", local: "local", others: "others" };

export function addSession(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.post("/logout", async (c) => {
    const name = c.req.query("scope") ?? "global";
    const scope = SCOPES[name];
    if (!scope) throw validationFailed(`Unsupported logout scope "${name}"`);
    const { account, session } = await requireSignedIn(context, c);
    await context.sql.begin(async (tx) => {
      await audit(tx, actorOf(account.user), "logout");
      await endSessions(tx, account.user.id, scope, session.id);
    });
    return c.body(null, 204);
  });
  app.get("/reauthenticate", async (c) => {
    const { user } = (await requireSignedIn(context, c)).account;
    if (!user.email) {
      throw validationFailed(
        "Reauthentication requires the user to have an email or a phone number",
      );
    }
    requireQuiet(user, "reauthentication_token", context.config);
    const token = newOneTimeToken(user.email, context.config, false);
    const { email } = user;
    await inTransaction(context, async (db, later) => {
      await storeOneTimeToken(db, user, "reauthentication_token", token.hash, email);
      await audit(db, actorOf(user), "user_reauthenticate_requested");
      later(() => context.mailer.sendCode(email, token.otp));
    });
    return c.json({});
  });
}
