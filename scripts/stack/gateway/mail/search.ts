import type { StoredMail } from "./mailbox.ts";

type Term = (mail: StoredMail) => boolean;

const FIELDS: Record<string, (mail: StoredMail) => string> = {
  to: (mail) => mail.to,
  subject: (mail) => mail.subject,
  from: () => SENDER,
};

export const SENDER = "admin@email.com";

const includes = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

function termOf(token: string): Term {
  const [, name = "", quoted, plain] = /^(?:(\w+):)?(?:"([^"]*)"|(.*))$/.exec(token) ?? [];
  const wanted = quoted ?? plain ?? "";
  const field = FIELDS[name.toLowerCase()];
  if (field) return (mail) => includes(field(mail), wanted);
  return (mail) => includes(`${mail.to} ${mail.subject} ${mail.text}`, token.replaceAll('"', ""));
}

/** Mailpit's search as far as tests need it: `to:`, `from:`, `subject:`, words; all must match. */
export function searchMails(mails: readonly StoredMail[], query: string): readonly StoredMail[] {
  const tokens = query.match(/(?:\w+:)?"[^"]*"|\S+/g) ?? [];
  const terms = tokens.map(termOf);
  return mails.filter((mail) => terms.every((matches) => matches(mail)));
}
