import { Hono } from "hono";
import { z } from "zod";
import type { Mailbox, StoredMail } from "./mailbox.ts";
import { listPage, mailPage, mailStyle } from "./page.ts";
import { SENDER, searchMails } from "./search.ts";

const DEFAULT_LIMIT = 50;
const CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'";

const address = (email: string) => ({ Name: "", Address: email });

const shared = ({ id, to, subject }: StoredMail) => ({
  ID: id,
  MessageID: `${id}@mail.local`,
  From: { Name: "Admin", Address: SENDER },
  To: [address(to)],
  Cc: [],
  Bcc: [],
  ReplyTo: [],
  Subject: subject,
  Tags: [],
});

const summary = (mail: StoredMail) => ({
  ...shared(mail),
  Read: false,
  Created: mail.createdAt,
  Username: "",
  Size: Buffer.byteLength(mail.html),
  Attachments: 0,
  Snippet: mail.text.replaceAll(/\s+/g, " ").slice(0, 250),
});

const whole = (mail: StoredMail) => ({
  ...shared(mail),
  ReturnPath: SENDER,
  Date: mail.createdAt,
  Text: mail.text,
  HTML: mail.html,
  Size: Buffer.byteLength(mail.html),
  Inline: [],
  Attachments: [],
});

function page(found: readonly StoredMail[], total: number, query: Record<string, string>) {
  const start = Math.max(0, Number(query.start ?? 0) || 0);
  const limit = Math.max(0, Number(query.limit ?? DEFAULT_LIMIT) || DEFAULT_LIMIT);
  const messages = found.slice(start, start + limit).map(summary);
  return {
    total,
    unread: total,
    count: messages.length,
    messages_count: found.length,
    messages_unread: found.length,
    start,
    tags: [],
    messages,
  };
}

const removeBody = z.object({ IDs: z.array(z.string()).default([]) });

function addApi(app: Hono, mailbox: Mailbox): void {
  app.get("/api/v1/messages", (c) =>
    c.json(page(mailbox.all(), mailbox.all().length, c.req.query())),
  );
  app.get("/api/v1/search", (c) => {
    const found = searchMails(mailbox.all(), c.req.query("query") ?? "");
    return c.json(page(found, mailbox.all().length, c.req.query()));
  });
  app.get("/api/v1/message/:id", (c) => {
    const mail = mailbox.find(c.req.param("id"));
    return mail ? c.json(whole(mail)) : c.text("Message not found", 404);
  });
  app.delete("/api/v1/messages", async (c) => {
    const text = await c.req.text();
    const parsed = removeBody.safeParse(text === "" ? {} : JSON.parse(text));
    if (!parsed.success) return c.text("invalid request", 400);
    mailbox.remove(parsed.data.IDs);
    return c.text("ok");
  });
}

/** The mail catcher: Mailpit's HTTP API, and pages to read mails by hand. */
export function createMailApp(mailbox: Mailbox): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("Content-Security-Policy", CSP);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Cache-Control", "no-store");
    await next();
  });
  app.onError((error, c) =>
    c.text(error instanceof SyntaxError ? "invalid request" : "failed", 400),
  );
  for (const path of ["/livez", "/readyz"]) app.get(path, (c) => c.text("ok"));
  addApi(app, mailbox);
  app.get("/style.css", (c) => c.body(mailStyle, 200, { "Content-Type": "text/css" }));
  app.get("/", (c) => c.html(listPage(mailbox.all())));
  app.get("/view/:id", (c) => {
    const mail = mailbox.find(c.req.param("id"));
    return mail ? c.html(mailPage(mail)) : c.text("Message not found", 404);
  });
  return app;
}
