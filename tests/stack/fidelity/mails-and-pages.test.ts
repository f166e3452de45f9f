import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount } from "./lib/accounts.ts";
import { lastMailTo, searchMails } from "./lib/mails.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";

let platform: Platform;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nff-contract-"));
  const contractFile = join(folder, "contract.json");
  const contract = {
    openapi: "3.0.3",
    info: { title: "T", version: "1" },
    servers: [{ url: "https://x" }],
    paths: {},
  };
  await writeFile(contractFile, JSON.stringify(contract));
  platform = await startPlatform({ contractFile });
});
afterAll(async () => {
  await platform.dispose();
  await rm(folder, { recursive: true });
});

async function mailTo(email: string): Promise<void> {
  await platform.client().auth.resetPasswordForEmail(email);
}

describe("the mail catcher answers as Mailpit does", () => {
  test("messages, newest first, in pages; one message with text and HTML", async () => {
    const first = await createAccount(platform);
    const second = await createAccount(platform);
    await mailTo(first.email);
    await mailTo(second.email);
    const list = await (await fetch(`${platform.mailUrl}/api/v1/messages?limit=1`)).json();
    expect(list).toMatchObject({ count: 1, messages_count: list.total, start: 0 });
    expect(list.messages[0]).toMatchObject({
      To: [{ Name: "", Address: second.email }],
      Subject: "Reset Your Password",
      Read: false,
    });
    const message = await (
      await fetch(`${platform.mailUrl}/api/v1/message/${list.messages[0].ID}`)
    ).json();
    expect(message.HTML).toContain("<a href=");
    expect(message.Text).toContain("/auth/v1/verify?token=");
    const latest = await (await fetch(`${platform.mailUrl}/api/v1/message/latest`)).json();
    expect(latest.ID).toBe(message.ID);
    expect((await fetch(`${platform.mailUrl}/api/v1/message/nope`)).status).toBe(404);
  });

  test("search by recipient, subject and words", async () => {
    const { email } = await createAccount(platform);
    await mailTo(email);
    expect((await searchMails(platform.mailUrl, `to:${email}`)).messages_count).toBe(1);
    expect((await searchMails(platform.mailUrl, `to:"${email}" subject:"reset your"`)).count).toBe(
      1,
    );
    expect((await searchMails(platform.mailUrl, `to:${email} subject:invited`)).count).toBe(0);
    expect((await searchMails(platform.mailUrl, `${email} password`)).count).toBe(1);
  });

  test("links lead through the origin of the API", async () => {
    const { email } = await createAccount(platform);
    await mailTo(email);
    const { link } = await lastMailTo(platform.mailUrl, email);
    expect(new URL(link).origin).toBe(platform.url);
  });

  test("delete some, delete all", async () => {
    const { email } = await createAccount(platform);
    await mailTo(email);
    const { messages } = await searchMails(platform.mailUrl, `to:${email}`);
    const remove = (body?: string) =>
      fetch(`${platform.mailUrl}/api/v1/messages`, { method: "DELETE", ...(body ? { body } : {}) });
    expect((await remove(JSON.stringify({ IDs: [messages[0]?.ID] }))).status).toBe(200);
    expect((await searchMails(platform.mailUrl, `to:${email}`)).count).toBe(0);
    expect((await remove()).status).toBe(200);
    expect((await searchMails(platform.mailUrl, "reset")).total).toBe(0);
  });

  test("a page shows mails as text; what a mail says never runs there", async () => {
    const email = "“<img src=x onerror=alert(1)>”@example.com";
    expect((await fetch(`${platform.mailUrl}/`)).status).toBe(200);
    const account = await createAccount(platform);
    await mailTo(account.email);
    const { messages } = await searchMails(platform.mailUrl, `to:${account.email}`);
    const page = await fetch(`${platform.mailUrl}/view/${messages[0]?.ID}`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain(`${platform.url}/auth/v1/verify?token=`);
    expect(html).not.toContain(email);
    expect(html).not.toContain("<script");
  });

  test("it is alive", async () => {
    expect((await fetch(`${platform.mailUrl}/readyz`)).status).toBe(200);
  });
});

describe("pages of the API's origin", () => {
  test("the index says where everything is", async () => {
    const html = await (await fetch(`${platform.url}/`)).text();
    expect(html).toContain(`${platform.url}/docs/`);
    expect(html).toContain(platform.mailUrl);
  });

  test("nothing else is served from the folder of the documentation", async () => {
    for (const path of ["package.json", "..%2f..%2fpackage.json", "nope.js"]) {
      expect((await fetch(`${platform.url}/docs/${path}`)).status).toBe(404);
    }
  });
});
