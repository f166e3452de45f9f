export interface OutgoingMail {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
}

export interface StoredMail extends OutgoingMail {
  readonly id: string;
  readonly text: string;
  readonly createdAt: Date;
}

export interface Mailbox {
  deliver(mail: OutgoingMail): void;
  /** Newest first. */
  all(): readonly StoredMail[];
  find(id: string): StoredMail | undefined;
  /** Removes the given mails; all of them when none is given. */
  remove(ids: readonly string[]): void;
}

/** Mails are kept in memory only; the oldest give way. */
const MAX_MAILS = 1_000;

const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["nbsp", " "],
]);

function decodeEntities(text: string): string {
  return text.replaceAll(/&(#(\d+)|\w+);/g, (whole, name: string, digits: string | undefined) =>
    digits ? String.fromCodePoint(Number(digits)) : (ENTITIES.get(name) ?? whole),
  );
}

/** The mail as plain text; a link keeps its address behind its label. */
function textOf(html: string): string {
  const withLinks = html.replaceAll(
    /<a\s[^>]*href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/gi,
    (_, href: string, label: string) => `${label} ( ${href} )`,
  );
  const lines = withLinks
    .replaceAll(/<(style|head)[\s\S]*?<\/\1>/gi, "")
    .replaceAll(/<br\s*\/?>|<\/(p|h\d|div|tr|li)>/gi, "\n")
    .replaceAll(/<[^>]*>/g, "")
    .split("\n")
    .map((line) => decodeEntities(line).trim());
  return lines.filter((line) => line !== "").join("\n\n");
}

export function createMailbox(): Mailbox {
  let mails: StoredMail[] = [];
  return {
    deliver(mail) {
      const id = crypto.randomUUID().replaceAll("-", "").slice(0, 22);
      const stored = { ...mail, id, text: textOf(mail.html), createdAt: new Date() };
      mails = [stored, ...mails].slice(0, MAX_MAILS);
    },
    all: () => mails,
    find: (id) => (id === "latest" ? mails[0] : mails.find((mail) => mail.id === id)),
    remove(ids) {
      mails = ids.length === 0 ? [] : mails.filter(({ id }) => !ids.includes(id));
    },
  };
}
