import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { AuthToml } from "../config-toml.ts";

/** The mails of Auth, by the names that `[auth.email.template.*]` has for them. */
export type MailKind =
  | "confirmation"
  | "recovery"
  | "magic_link"
  | "invite"
  | "email_change"
  | "reauthentication";

/** What a template may name, as `{{ .Name }}`. */
export interface MailVariables {
  readonly ConfirmationURL?: string;
  readonly Token: string;
  readonly TokenHash?: string;
  readonly SiteURL: string;
  readonly RedirectTo?: string;
  readonly Email: string;
  readonly NewEmail?: string;
}

interface MailTemplate {
  readonly subject: string;
  readonly html: string;
}

const withLink = (title: string, text: string, label: string) =>
  `<h2>${title}</h2>\n<p>${text}</p>\n<p><a href="{{ .ConfirmationURL }}">${label}</a></p>\n` +
  "<p>Or enter the code: <strong>{{ .Token }}</strong></p>\n";

const DEFAULTS: Record<MailKind, MailTemplate> = {
  confirmation: {
    subject: "Confirm Your Signup",
    html: withLink("Confirm your sign-up", "Follow this link to confirm your address:", "Confirm"),
  },
  recovery: {
    subject: "Reset Your Password",
    html: withLink(
      "Reset your password",
      "Follow this link to choose a new one:",
      "Reset password",
    ),
  },
  magic_link: {
    subject: "Your Magic Link",
    html: withLink("Sign in", "Follow this link to sign in:", "Sign in"),
  },
  invite: {
    subject: "You have been invited",
    html: withLink("You have been invited", "Follow this link to accept:", "Accept the invitation"),
  },
  email_change: {
    subject: "Confirm Email Change",
    html: withLink(
      "Confirm your new address",
      "Follow this link to change your address from {{ .Email }} to {{ .NewEmail }}:",
      "Change address",
    ),
  },
  reauthentication: {
    subject: "Confirm reauthentication",
    html: "<h2>Confirm it is you</h2>\n<p>Enter the code: <strong>{{ .Token }}</strong></p>\n",
  },
};

export type MailTemplates = Readonly<Record<MailKind, MailTemplate>>;

/** The project's own templates over the built-in ones; a missing file stops the start. */
export async function loadMailTemplates(config: AuthToml, folder: string): Promise<MailTemplates> {
  const templates = { ...DEFAULTS };
  for (const kind of Object.keys(DEFAULTS)) {
    const own = config.email.template[kind];
    if (!own || !isMailKind(kind)) continue;
    const { subject, html } = DEFAULTS[kind];
    templates[kind] = {
      subject: own.subject ?? subject,
      html: own.content_path ? await readFile(resolve(folder, own.content_path), "utf8") : html,
    };
  }
  return templates;
}

const isMailKind = (name: string): name is MailKind => Object.hasOwn(DEFAULTS, name);

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function renderTemplate(template: string, variables: MailVariables, html: boolean): string {
  const values = new Map(Object.entries(variables));
  return template.replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) => {
    const value = String(values.get(name) ?? "");
    return html ? escapeHtml(value) : value;
  });
}
