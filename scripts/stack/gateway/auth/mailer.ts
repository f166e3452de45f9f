import type { AuthToml } from "../config-toml.ts";
import type { OutgoingMail } from "../mail/mailbox.ts";
import {
  type MailKind,
  type MailTemplates,
  type MailVariables,
  renderTemplate,
} from "./mail-templates.ts";
import type { OneTimeToken } from "./one-time-tokens.ts";

/** The `type` in a mail's link, which tells `/verify` what the token is for. */
type LinkType = "signup" | "recovery" | "magiclink" | "invite" | "email_change";

const LINK_TYPES = {
  confirmation: "signup",
  recovery: "recovery",
  magic_link: "magiclink",
  invite: "invite",
  email_change: "email_change",
} as const satisfies Record<Exclude<MailKind, "reauthentication">, LinkType>;

interface Letter {
  readonly to: string;
  readonly token: OneTimeToken;
  /** Where the link leads in the end. */
  readonly redirectTo: string;
  readonly newEmail?: string;
  /** The address of the account, when the letter goes to another one. */
  readonly accountEmail?: string;
}

export interface AuthMailer {
  sendLink(kind: keyof typeof LINK_TYPES, letter: Letter): void;
  sendCode(to: string, otp: string): void;
}

export interface MailerOptions {
  readonly config: AuthToml;
  readonly externalUrl: string;
  readonly templates: MailTemplates;
  readonly deliver: (mail: OutgoingMail) => void;
}

export function actionLink(
  externalUrl: string,
  hash: string,
  type: string,
  redirectTo: string,
): string {
  const query = new URLSearchParams({ token: hash, type, redirect_to: redirectTo });
  return `${externalUrl}/verify?${query}`;
}

export function createAuthMailer(options: MailerOptions): AuthMailer {
  const { config, externalUrl, templates, deliver } = options;
  const send = (kind: MailKind, to: string, variables: MailVariables) => {
    const { subject, html } = templates[kind];
    deliver({
      to,
      subject: renderTemplate(subject, variables, false),
      html: renderTemplate(html, variables, true),
    });
  };
  return {
    sendLink(kind, { to, token, redirectTo, newEmail, accountEmail }) {
      send(kind, to, {
        ConfirmationURL: actionLink(externalUrl, token.hash, LINK_TYPES[kind], redirectTo),
        Token: token.otp,
        TokenHash: token.hash,
        SiteURL: config.site_url,
        RedirectTo: redirectTo,
        Email: accountEmail ?? to,
        ...(newEmail === undefined ? {} : { NewEmail: newEmail }),
      });
    },
    sendCode(to, otp) {
      send("reauthentication", to, { Token: otp, SiteURL: config.site_url, Email: to });
    },
  };
}
