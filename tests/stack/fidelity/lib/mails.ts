import { z } from "zod";

const list = z.object({
  total: z.number(),
  count: z.number(),
  messages_count: z.number(),
  messages: z.array(
    z.object({
      ID: z.string(),
      Subject: z.string(),
      To: z.array(z.object({ Name: z.string(), Address: z.string() })),
      From: z.object({ Name: z.string(), Address: z.string() }),
      Created: z.string(),
      Snippet: z.string(),
    }),
  ),
});
const message = z.object({
  ID: z.string(),
  Subject: z.string(),
  Text: z.string(),
  HTML: z.string(),
});

export interface Mail {
  readonly subject: string;
  readonly text: string;
  /** The link to follow; empty in mails that only have a code. */
  readonly link: string;
  readonly code: string;
}

export async function searchMails(mailUrl: string, query: string) {
  const url = `${mailUrl}/api/v1/search?query=${encodeURIComponent(query)}`;
  return list.parse(await (await fetch(url)).json());
}

/** The mails to an address, newest first. They are there as soon as the request that sends them answers. */
export async function mailsTo(mailUrl: string, address: string): Promise<readonly Mail[]> {
  const { messages } = await searchMails(mailUrl, `to:"${address}"`);
  return Promise.all(
    messages.map(async ({ ID }) => {
      const found = message.parse(await (await fetch(`${mailUrl}/api/v1/message/${ID}`)).json());
      return {
        subject: found.Subject,
        text: found.Text,
        link: /https?:\/\/[^\s()]+/.exec(found.Text)?.[0] ?? "",
        code: /code: (\d+)/.exec(found.Text)?.[1] ?? "",
      };
    }),
  );
}

export async function lastMailTo(mailUrl: string, address: string): Promise<Mail> {
  const [mail] = await mailsTo(mailUrl, address);
  if (!mail) throw new Error(`no mail to ${address}`);
  return mail;
}

/** Follows a mail's link as a browser would, up to the application's own page. */
export async function follow(link: string): Promise<URL> {
  const response = await fetch(link, { redirect: "manual" });
  const location = response.headers.get("location");
  if (response.status !== 303 || !location) throw new Error(`no redirect: ${response.status}`);
  return new URL(location);
}

export const fragmentOf = (url: URL) => new URLSearchParams(url.hash.slice(1));
