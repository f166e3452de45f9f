import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAccount, newEmail, PASSWORD, signedIn } from "./lib/accounts.ts";
import { errorSchema } from "./lib/auth-schemas.ts";
import { mailsTo } from "./lib/mails.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAuth, parsed, type RawRequest } from "./lib/raw-auth.ts";

/** What Supabase Auth lets one address do at once, whatever the rate. */
const BURST = 30;

const limits = z.record(z.string(), z.number());
const config = z.object({ auth: z.object({ rate_limit: limits }) });

let platform: Platform;
let configured: z.output<typeof limits>;
let strict: Awaited<ReturnType<Platform["gateway"]>>;
beforeAll(async () => {
  platform = await startPlatform();
  const toml = await readFile(new URL("../../../supabase/config.toml", import.meta.url), "utf8");
  configured = config.parse(parse(toml)).auth.rate_limit;
  const mfa = { totp: { enroll_enabled: true, verify_enabled: true } };
  strict = await platform.gateway({ auth: { rate_limit: configured, mfa } });
});
afterAll(() => platform?.dispose());

/** The statuses of that many equal requests, and the last answer. */
async function repeat(count: number, path: string, request: RawRequest) {
  const statuses: number[] = [];
  for (let sent = 1; sent < count; sent += 1) {
    const response = await callAuth(strict, path, request);
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return { statuses, last: await callAuth(strict, path, request) };
}

/** More than the burst, because some are regained while the others are answered. */
const ENOUGH = BURST + 15;

describe("an address that asks too often: 429 over_request_rate_limit", () => {
  test.each<[string, RawRequest, number]>([
    ["/token?grant_type=refresh_token", { body: { refresh_token: "unknown" } }, 400],
    ["/verify", { body: { type: "email", token: "000000", email: newEmail() } }, 403],
    ["/otp", { body: { email: newEmail(), create_user: false } }, 422],
    ["/recover", { body: { email: newEmail() } }, 200],
    ["/resend", { body: { type: "signup", email: newEmail() } }, 200],
    ["/signup", { body: { email: newEmail(), password: "short" } }, 422],
  ])("%s", async (path, request, usual) => {
    const { statuses, last } = await repeat(ENOUGH, path, request);
    expect(statuses.slice(0, BURST)).toEqual(Array(BURST).fill(usual));
    expect(new Set(statuses)).toEqual(new Set([usual, 429]));
    expect([last.status, await parsed(last, errorSchema)]).toEqual([
      429,
      { code: "over_request_rate_limit", message: "Request rate limit reached" },
    ]);
  });

  test("[AUTH-05] guessing passwords ends there, and the right one is refused too", async () => {
    const { email } = await createAccount(platform);
    const path = "/token?grant_type=password";
    const { last } = await repeat(ENOUGH, path, { body: { email, password: "guess" } });
    expect(last.status).toBe(429);
    const right = await callAuth(strict, path, { body: { email, password: PASSWORD } });
    expect(right.status).toBe(429);
  });

  test("[AUTH-05] so does guessing the code of a second factor", async () => {
    const { session } = await signedIn(platform);
    const bearer = session.access_token;
    const enrolled = await callAuth(strict, "/factors", { bearer, body: { factor_type: "totp" } });
    const { id } = await enrolled.json();
    const challenge = await callAuth(strict, `/factors/${id}/challenge`, { bearer, body: {} });
    const body = { challenge_id: (await challenge.json()).id, code: "000000" };
    const { statuses, last } = await repeat(ENOUGH, `/factors/${id}/verify`, { bearer, body });
    expect(statuses.slice(0, BURST)).toEqual(Array(BURST).fill(422));
    expect(last.status).toBe(429);
  });
});

test("the project's mails of an hour: then 429 over_email_send_rate_limit, and none is sent", async () => {
  const few = await platform.gateway({ auth: { rate_limit: { ...configured, email_sent: 2 } } });
  const emails = [newEmail(), newEmail(), newEmail()];
  const answers = [];
  for (const email of emails) {
    answers.push(await callAuth(few, "/signup", { body: { email, password: PASSWORD } }));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  const [, , refused] = answers;
  expect(refused && (await parsed(refused, errorSchema)).code).toBe("over_email_send_rate_limit");
  const [, , last = ""] = emails;
  expect(await mailsTo(few.mailUrl, last)).toHaveLength(0);
  expect(await platform.sql`select from auth.users where email = ${last}`).toHaveLength(0);
});
