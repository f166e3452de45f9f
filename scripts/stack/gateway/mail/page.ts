import type { StoredMail } from "./mailbox.ts";

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE =
  "body{font:15px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}" +
  "table{width:100%;border-collapse:collapse}td{padding:.4rem;border-top:1px solid #8884}" +
  "pre{white-space:pre-wrap}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8bf}}";

const layout = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
  `<link rel="stylesheet" href="/style.css"></head><body>${body}</body></html>`;

export const mailStyle = STYLE;

export function listPage(mails: readonly StoredMail[]): string {
  const rows = mails.map(
    ({ id, to, subject, createdAt }) =>
      `<tr><td>${createdAt.toISOString().slice(11, 19)}</td><td>${escapeHtml(to)}</td>` +
      `<td><a href="/view/${id}">${escapeHtml(subject)}</a></td></tr>`,
  );
  const list = rows.length > 0 ? `<table>${rows.join("")}</table>` : "<p>No mail yet.</p>";
  return layout("Mail", `<h1>Mail</h1>${list}`);
}

/** Text with its links made clickable; the mail's own HTML never runs in this origin. */
function linked(text: string): string {
  return escapeHtml(text).replaceAll(
    /https?:\/\/[^\s()]+/g,
    (url) => `<a href="${url}" rel="noreferrer">${url}</a>`,
  );
}

export function mailPage({ to, subject, text }: StoredMail): string {
  return layout(
    subject,
    `<p><a href="/">All mail</a></p><h1>${escapeHtml(subject)}</h1><p>To: ${escapeHtml(to)}</p>` +
      `<pre>${linked(text)}</pre>`,
  );
}
