import { resolveApiKey } from "../api-keys.ts";
import { credentialsOf } from "../caller.ts";
import type { GatewayConfig } from "../config.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { refuseKey } from "../rest/refusals.ts";
import { below, type Service } from "../service.ts";
import type { TokenKeys } from "../tokens/signing-key.ts";
import type { VerifyToken } from "../tokens/verify.ts";
import { createAuthApp, OPEN_PATHS } from "./app.ts";
import { createClaimsHook } from "./claims-hook.ts";
import { connectAuth } from "./database.ts";
import { loadMailTemplates } from "./mail-templates.ts";
import { createAuthMailer } from "./mailer.ts";
import { createPendingSignIns } from "./oauth/pending.ts";
import { createProviders } from "./oauth/providers.ts";
import { createPasswords } from "./passwords.ts";
import { createMailLimit } from "./rate-limits.ts";

export const AUTH_PREFIX = "/auth/v1/";

export interface AuthServiceOptions {
  readonly config: GatewayConfig;
  /** The origin that links in mails lead to. */
  readonly apiUrl: string;
  readonly keys: TokenKeys;
  readonly verify: VerifyToken;
  readonly mailbox: Mailbox;
}

export async function createAuthService(options: AuthServiceOptions): Promise<Service> {
  const { config, apiUrl, keys, verify, mailbox } = options;
  const externalUrl = `${apiUrl}/auth/v1`;
  const templates = await loadMailTemplates(config.auth, config.projectDir);
  const sql = connectAuth(config.dbUrl);
  const passwords = createPasswords(config.dbUrl);
  const app = createAuthApp({
    sql,
    config: config.auth,
    externalUrl,
    issuer: config.auth.jwt_issuer ?? externalUrl,
    keys,
    verify,
    mailer: createAuthMailer({
      config: config.auth,
      externalUrl,
      templates,
      deliver: mailbox.deliver,
    }),
    passwords,
    admitMails: createMailLimit(config.auth),
    findProvider: createProviders({
      config: config.auth,
      externalUrl,
      googleIssuer: config.googleIssuer,
    }),
    pending: createPendingSignIns(),
    claimsHook: createClaimsHook(config.auth),
  });
  return {
    async handle(request, peer) {
      const inner = below(request, AUTH_PREFIX);
      const { apiKey, userAgent } = credentialsOf(request);
      const key = resolveApiKey(config, apiKey, userAgent);
      const refused = typeof key !== "string";
      if (refused && !OPEN_PATHS.test(new URL(inner.url).pathname)) return refuseKey(key);
      return app.fetch(inner, { peer, keyRole: refused ? undefined : key });
    },
    async close() {
      await Promise.all([sql.end({ timeout: 1 }), passwords.close()]);
    },
  };
}
