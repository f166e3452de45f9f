import { createServer, type RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createAccounts } from "../../../supabase/functions/_shared/accounts/accounts.ts";
import { createLogger } from "../../../supabase/functions/_shared/log/logger.ts";

const ID = "019a9f3e-7c2b-7d41-8a6f-0c5d2e1b4a90";
const EMAIL = "anna.schmidt@example.com";
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Auth, played: answers every request the same and remembers what it got. */
async function authThat(status: number, answer: unknown, listener?: RequestListener) {
  const requests: {
    method: string;
    path: string;
    headers: object;
    body: Record<string, unknown>;
  }[] = [];
  const lines: string[] = [];
  const server = createServer(
    listener ??
      (async (req, res) => {
        let text = "";
        for await (const chunk of req) text += String(chunk);
        requests.push({
          method: req.method ?? "",
          path: req.url ?? "",
          headers: req.headers,
          body: JSON.parse(text),
        });
        res.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const accounts = createAccounts({
    apiUrl: `http://127.0.0.1:${port}`,
    secretKey: "sb_secret_of_this_test",
    log: createLogger({ level: "debug", write: (line) => lines.push(line) }),
  });
  return { accounts, requests, lines };
}

test("an account is made under our id, unconfirmed, with a password that nobody knows", async () => {
  const { accounts, requests } = await authThat(200, { id: ID });
  expect(await accounts.create(ID, EMAIL)).toBe(true);
  expect(await accounts.create(ID, EMAIL)).toBe(true);
  const [first, second] = requests;
  expect(first).toMatchObject({
    method: "POST",
    path: "/auth/v1/admin/users",
    headers: { apikey: "sb_secret_of_this_test" },
    body: { id: ID, email: EMAIL, email_confirm: false },
  });
  expect(first?.headers).not.toHaveProperty("authorization");
  expect(first?.body.password_hash).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{53}$/);
  expect(second?.body.password_hash).not.toBe(first?.body.password_hash);
});

test("an Auth that picks another id is an error, not a success", async () => {
  const { accounts } = await authThat(200, { id: "00000000-0000-4000-8000-000000000000" });
  await expect(accounts.create(ID, EMAIL)).rejects.toThrow("another account");
});

test("blocking and letting in again", async () => {
  const { accounts, requests } = await authThat(200, {});
  await accounts.setBlocked(ID, true);
  await accounts.setBlocked(ID, false);
  expect(requests.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["PUT", `/auth/v1/admin/users/${ID}`, { ban_duration: "876000h" }],
    ["PUT", `/auth/v1/admin/users/${ID}`, { ban_duration: "none" }],
  ]);
});

test("whoever has come in already needs no invitation", async () => {
  const { accounts } = await authThat(422, { error_code: "email_exists" });
  expect(await accounts.invite(EMAIL)).toBe(true);
  expect(await accounts.create(ID, EMAIL)).toBe(false);
});

test.each([
  ["a refusal", 422, { error_code: "email_exists", msg: `${EMAIL} is taken` }],
  ["an error", 500, { error_code: "unexpected_failure", msg: EMAIL }],
  ["an answer that is none", 200, "<html>"],
  ["too many requests", 429, { error_code: "over_email_send_rate_limit" }],
])("%s is a no, and the log names nobody", async (_what, status, answer) => {
  const { accounts, lines } = await authThat(status, answer);
  expect(await accounts.changeEmail(ID, EMAIL)).toBe(false);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain(EMAIL);
});

test("a connection that breaks is a no", async () => {
  const { accounts, lines } = await authThat(200, {}, (req) => void req.socket.destroy());
  expect(await accounts.setBlocked(ID, true)).toBe(false);
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({
    message: "auth did not answer",
    task: "account.set_blocked",
  });
});
