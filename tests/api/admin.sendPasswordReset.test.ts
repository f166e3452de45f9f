import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountState, act, describeAccountAction } from "../helpers/api-account-actions.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
  suspend,
} from "../helpers/api-accounts.ts";
import { type Crashable, startCrashable } from "../helpers/api-crash.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { mailsTo, runWorker } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let support: Account;

beforeAll(async () => {
  support = await createStaff(owner(), "support");
});

describeAccountAction("admin.sendPasswordReset", {
  role: "support",
  otherRole: "compliance_admin",
  action: "user.password_reset_requested",
});

const hasMail = (person: Account) =>
  expect.poll(async () => (await mailsTo(person.email)).length, { timeout: 10_000 }).toBe(1);

describe("202", () => {
  test("[USER-03] one e-mail is sent; the answer has no link; the password stays good", async () => {
    const person = await createAccount();
    const { status, body, text } = await act(
      "admin.sendPasswordReset",
      support.credential,
      person.id,
    );
    expect([status, body]).toEqual([202, { user_id: person.id, requested_at: expect.any(String) }]);
    expect(text).not.toMatch(/token|http/);
    await hasMail(person);
    const [leak] = await owner()`
      select recovery_token from auth.users where id = ${person.id}`;
    const [known] = await owner()`
      select count(*)::int as count from private.idempotency_keys where body like ${`%${leak?.recovery_token}%`}`;
    expect(leak?.recovery_token).not.toBe("");
    expect(known?.count).toBe(0);
    expect((await signIn(person.email)).id).toBe(person.id);
  });
});

describe("429", () => {
  test("for a second one within a minute, with the time to wait; nothing is sent", async () => {
    const person = await createAccount();
    await act("admin.sendPasswordReset", support.credential, person.id);
    await hasMail(person);
    const before = await accountState(owner(), person.id);
    const { status, body, headers } = await act(
      "admin.sendPasswordReset",
      support.credential,
      person.id,
    );
    expect([status, body.code]).toEqual([429, "rate_limited"]);
    const seconds = Number(headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await accountState(owner(), person.id)).toEqual(before);
    await runWorker();
    await hasMail(person);
  });
});

test("409 for an account that is not active", async () => {
  const person = await createAccount();
  await suspend(owner(), person);
  const before = await accountState(owner(), person.id);
  const { status, body } = await act("admin.sendPasswordReset", support.credential, person.id);
  expect([status, body.code]).toEqual([409, "account_state_conflict"]);
  expect(await accountState(owner(), person.id)).toEqual(before);
});

describe("when neither Auth nor the worker answers", () => {
  let isolated: Crashable;
  beforeAll(async () => {
    isolated = await startCrashable("admin");
  });
  afterAll(() => isolated.dispose());

  test("202, and the e-mail is sent when they do", async () => {
    const person = await createAccount();
    isolated.interfere({
      matches: (_method, path) => !path.includes("jwks"),
      before: async () => false,
    });
    const response = await fetch(`${isolated.url}/users/${person.id}/password-reset`, {
      method: "POST",
      headers: { ...support.credential, ...newKey() },
    });
    expect(response.status).toBe(202);
    expect(await accountState(owner(), person.id)).toMatchObject({ resets: 1 });
    await runWorker();
    await hasMail(person);
  });
});
