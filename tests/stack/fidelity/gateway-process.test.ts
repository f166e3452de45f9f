import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { newEmail, PASSWORD } from "./lib/accounts.ts";
import { close, listen } from "./lib/front.ts";
import { lastMailTo } from "./lib/mails.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

describe("the gateway refuses to start, and says why,", () => {
  test.each([
    ["with a value that config.toml may not have", { auth: { jwt_expiry: 0 } }, /auth\.jwt_expiry/],
    ["when it can't do what is asked", { auth: { enable_anonymous_sign_ins: true } }, /anonymous/],
    ["with a size that is none", { storage: { file_size_limit: "big" } }, /not a size: big/],
    ["with a duration that is none", { auth: { sessions: { timebox: "soon" } } }, /not a duration/],
    [
      "with a mail template that is not there",
      { auth: { email: { template: { invite: { content_path: "./nowhere.html" } } } } },
      /nowhere\.html/,
    ],
  ])("%s", async (_, settings, reason) => {
    await expect(platform.gateway(settings)).rejects.toThrow(reason);
  });

  test("on a port that somebody else has", async () => {
    const other = createServer();
    const apiPort = await listen(other);
    await expect(platform.gateway({ apiPort })).rejects.toThrow(/EADDRINUSE/);
    await close(other);
  });
});

describe("a running gateway", () => {
  test("learns where the functions are by a line on its standard input", async () => {
    const gateway = await platform.gateway({});
    const status = async () => (await fetch(`${gateway.url}/functions/v1/hello`)).status;
    expect(await status()).toBe(404);
    const hello = createServer((_, res) => res.end("hello"));
    const port = await listen(hello);
    gateway.send({ functions: [{ name: "hello", port, verifyJwt: false }] });
    await vi.waitUntil(async () => (await status()) === 200, 5_000);
    gateway.send({ functions: [{ name: "not valid!" }] });
    gateway.send({ functions: [] });
    await vi.waitUntil(async () => (await status()) === 404, 5_000);
    await close(hello);
    expect(await gateway.stop()).toBe(0);
  });

  test("ends with its standard input, also while a request is open and DDL is read", async () => {
    const gateway = await platform.gateway({});
    const silent = createServer();
    const port = await listen(silent);
    gateway.send({ functions: [{ name: "silent", port, verifyJwt: false }] });
    const open = fetch(`${gateway.url}/functions/v1/silent`).catch(() => "broken off");
    await platform.sql`create table public.last_minute (id int)`;
    expect(await gateway.stop()).toBe(0);
    await open;
    await close(silent);
    await platform.sql`drop table public.last_minute`;
  });

  test("uses the project's own mail templates", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nff-templates-"));
    const html =
      '<p>{{ .Email }} {{ .Token }} {{.Unknown}}</p><a href="{{ .ConfirmationURL }}">Go</a>';
    await writeFile(join(folder, "confirm.html"), html);
    const template = { confirmation: { subject: "Hi {{ .Email }}", content_path: "confirm.html" } };
    const gateway = await platform.gateway({
      projectDir: folder,
      auth: { email: { enable_confirmations: true, max_frequency: "0s", template } },
    });
    const email = newEmail();
    await gateway.client().auth.signUp({ email, password: PASSWORD });
    const mail = await lastMailTo(gateway.mailUrl, email);
    expect(mail.subject).toBe(`Hi ${email}`);
    expect(mail.text).toContain(email);
    expect(new URL(mail.link).searchParams.get("type")).toBe("signup");
    await rm(folder, { recursive: true });
  });
});
