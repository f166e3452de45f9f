import type { Hono } from "hono";
import { logProblem } from "../../log.ts";
import type { AuthContext } from "../context.ts";
import { AuthError, badRequest, ProviderRefusal, UNEXPECTED } from "../errors.ts";
import { exchangeProviderCode } from "../oauth/exchange.ts";
import { challengeFor, newSecrets, type PendingSignIn } from "../oauth/pending.ts";
import { DEFAULT_SCOPES } from "../oauth/providers.ts";
import { signInVisitor, visitorOf } from "../oauth/sign-in.ts";
import { errorTarget, sessionTarget, withQuery } from "../outcome-urls.ts";
import { challengeOf, finishProviderFlow, startProviderFlow } from "../pkce.ts";
import { redirectTarget } from "../redirects.ts";
import { type AuthBindings, type AuthRequest, clientOf } from "../request.ts";
import { inTransaction } from "../send-links.ts";
import { openSession } from "../sessions.ts";

/** What the request decides itself; other members of the query go on to the provider. */
const OWN = new Set([
  "provider",
  "scopes",
  "redirect_to",
  "code_challenge",
  "code_challenge_method",
  "skip_http_redirect",
  "invite_token",
]);

/** RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6; nothing else of a provider is passed on. */
const REFUSALS = new Set([
  "access_denied",
  "consent_required",
  "interaction_required",
  "invalid_request",
  "invalid_scope",
  "login_required",
  "server_error",
  "temporarily_unavailable",
  "unauthorized_client",
  "unsupported_response_type",
]);

async function providerUrl(context: AuthContext, c: AuthRequest): Promise<string> {
  const query = c.req.query();
  const provider = context.findProvider(query.provider ?? "");
  const challenge = challengeOf(query);
  const redirectTo = redirectTarget(context.config, query.redirect_to, c.req.header("referer"));
  const { authorization } = await provider.endpoints();
  const secrets = newSecrets();
  const state = context.pending.add({
    provider: provider.name,
    redirectTo,
    flowId: challenge && (await startProviderFlow(context.sql, challenge, provider.name)),
    ...secrets,
  });
  const passedOn = Object.fromEntries(Object.entries(query).filter(([name]) => !OWN.has(name)));
  const wanted = (query.scopes ?? "").split(" ").filter((scope) => scope !== "");
  // Ours come last: a request cannot say where the provider sends the code, or to whom.
  return withQuery(authorization, {
    ...passedOn,
    client_id: provider.clientId,
    redirect_uri: provider.redirectUri,
    response_type: "code",
    scope: [...new Set([...DEFAULT_SCOPES, ...wanted])].join(" "),
    state,
    nonce: secrets.nonce,
    code_challenge: challengeFor(secrets.verifier),
    code_challenge_method: "S256",
  });
}

async function finish(
  context: AuthContext,
  c: AuthRequest,
  signIn: PendingSignIn,
): Promise<string> {
  const { code, error, error_description: description } = c.req.query();
  if (error) {
    throw new ProviderRefusal(REFUSALS.has(error) ? error : "server_error", description ?? error);
  }
  if (!code)
    throw badRequest("bad_oauth_callback", "OAuth callback with missing authorization code");
  const provider = context.findProvider(signIn.provider);
  const answer = await exchangeProviderCode(provider, code, signIn);
  const visitor = visitorOf(provider, await provider.endpoints(), answer.claims);
  const outcome = await inTransaction(context, async (db, later) => {
    const user = await signInVisitor(context, db, visitor, later, signIn.redirectTo);
    if (user instanceof AuthError) return user;
    if (signIn.flowId !== undefined) {
      const authCode = await finishProviderFlow(db, signIn.flowId, user.id, answer);
      return withQuery(signIn.redirectTo, { code: authCode });
    }
    const session = await openSession(context, db, user.id, "oauth", clientOf(c));
    return sessionTarget(signIn.redirectTo, { ...session, provider_token: answer.accessToken });
  });
  // Thrown after the commit: the account that waits for its mail must last.
  if (outcome instanceof AuthError) throw outcome;
  return outcome;
}

/** Sign-in with a provider: to it, and back from it. */
export function addOAuth(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.get("/authorize", async (c) => {
    const url = await providerUrl(context, c);
    return c.req.query("skip_http_redirect") === "true" ? c.json({ url }) : c.redirect(url, 302);
  });
  app.get("/callback", async (c) => {
    const { state } = c.req.query();
    const signIn = state ? context.pending.take(state) : undefined;
    if (!signIn) {
      // Where the browser came from is not known, and what it says is not trusted.
      const problem = state
        ? badRequest("bad_oauth_state", "OAuth state is invalid")
        : badRequest("bad_oauth_callback", "OAuth state parameter missing");
      return c.redirect(errorTarget(context.config.site_url, problem, true), 303);
    }
    try {
      return c.redirect(await finish(context, c, signIn), 302);
    } catch (error) {
      if (!(error instanceof AuthError)) logProblem("auth: /callback", error);
      return c.redirect(
        errorTarget(signIn.redirectTo, error instanceof AuthError ? error : UNEXPECTED, true),
        303,
      );
    }
  });
}
