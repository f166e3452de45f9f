import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { accountState, act, describeAccountAction } from "../helpers/api-account-actions.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
} from "../helpers/api-accounts.ts";
import { type Crashable, startCrashable } from "../helpers/api-crash.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import { runWorker } from "../helpers/api-operators.ts";

const owner = ownerConnection();
const body = { reason_code: "security_incident", note: "Password found in a leak." };
let officer: Account;
let admin: Account;

beforeAll(async () => {
  officer = await createStaff(owner(), "compliance_admin");
  admin = await createStaff(owner(), "admin");
});

describeAccountAction("admin.suspendUser", {
  role: "compliance_admin",
  otherRole: "support",
  action: "user.suspended",
  body,
  otherBody: { reason_code: "other" },
});

const suspend = (id: string, as = officer, match = "*") =>
  act("admin.suspendUser", as.credential, id, { body, headers: { "if-match": match } });

describe("200", () => {
  test("[AUTH-04] the person is out at once: token, sessions, sign-in, refresh", async () => {
    const person = await createAccount();
    const { body: before } = await call("admin.getUser", {
      as: officer.credential,
      params: { user_id: person.id },
    });
    const answer = await suspend(person.id, officer, `"v${before.user.version}"`);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        user_id: person.id,
        account_status: "suspended",
        version: before.user.version + 1,
        ended_sessions: 1,
      },
    ]);
    expect(answer.headers.get("etag")).toBe(`"v${answer.body.version}"`);
    expect(await accountState(owner(), person.id)).toMatchObject({ is_banned: true, sessions: 0 });
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
    expect((await person.client.auth.refreshSession()).data.session).toBeNull();
    await expectProblem("kyc.createVerification", 403, "account_inactive", {
      as: person.credential,
      headers: newKey(),
    });
    const { error } = await person.client
      .from("profiles")
      .update({ phone: "+4915112345678" })
      .eq("user_id", person.id)
      .select()
      .single();
    expect(error).not.toBeNull();
  });

  test("staff sees why, the audit has no words, verifications go on", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const { verification_id } = await verificationIn(person, "in_review");
    await suspend(person.id);
    const answer = await call("admin.getUser", {
      as: admin.credential,
      params: { user_id: person.id },
    });
    expect(answer.body).toMatchObject({
      suspension: { ...body, suspended_by: officer.id },
      verifications: [{ verification_id, status: "in_review" }],
      active_sessions: 0,
    });
    const [leak] = await owner()`
      select count(*)::int as count from private.audit_log where details like '%Password found%'`;
    expect(leak?.count).toBe(0);
  });
});

describe("refused", () => {
  test("403 for oneself", async () => {
    for (const self of [officer, admin]) {
      const before = await accountState(owner(), self.id);
      await expectProblem("admin.suspendUser", 403, "forbidden", {
        as: self.credential,
        params: { user_id: self.id },
        headers: { ...newKey(), "if-match": "*" },
        body,
      });
      expect(await accountState(owner(), self.id)).toEqual(before);
    }
  });

  test("409 for an account that is not active", async () => {
    const person = await createAccount();
    await suspend(person.id);
    const before = await accountState(owner(), person.id);
    const again = await suspend(person.id);
    expect([again.status, again.body.code]).toEqual([409, "account_state_conflict"]);
    expect(await accountState(owner(), person.id)).toEqual(before);
  });

  test("412 once the account has changed, 200 for one of several versions", async () => {
    const person = await createAccount();
    await call("users.updateMe", {
      as: person.credential,
      headers: { "if-match": "*" },
      body: { phone: "+4915112345678" },
    });
    const stale = await suspend(person.id, officer, '"v1"');
    expect([stale.status, stale.body.code]).toEqual([412, "precondition_failed"]);
    const state = await accountState(owner(), person.id);
    expect((await suspend(person.id, officer, `"v1", "v${state?.version}"`)).status).toBe(200);
  });

  test.each([
    [{}],
    [{ reason_code: "bored" }],
    [{ ...body, note: "" }],
    [{ ...body, note: "a\u0000b" }],
    [{ ...body, until: "2027-01-01" }],
    [null],
  ])("400 for %j", async (content) => {
    const person = await createAccount();
    await expectProblem("admin.suspendUser", 400, "validation_failed", {
      as: officer.credential,
      params: { user_id: person.id },
      headers: { ...newKey(), "if-match": "*" },
      body: content,
    });
    expect(await accountState(owner(), person.id)).toMatchObject({ suspended_at: null });
  });
});

describe("when Auth does not answer", () => {
  let isolated: Crashable;
  beforeAll(async () => {
    isolated = await startCrashable("admin");
  });
  afterAll(() => isolated.dispose());

  test("503, the suspension stands, and the ban follows", async () => {
    const person = await createAccount();
    isolated.interfere({
      matches: (method, path) => method === "PUT" && path.startsWith("/auth/v1/admin/users/"),
      before: async () => false,
    });
    const response = await fetch(`${isolated.url}/users/${person.id}/suspend`, {
      method: "POST",
      headers: {
        ...officer.credential,
        ...newKey(),
        "if-match": "*",
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    expect([response.status, (await response.json()).code]).toEqual([503, "service_unavailable"]);
    expect(await accountState(owner(), person.id)).toMatchObject({ sessions: 0, suspensions: 1 });
    await owner()`
      update private.account_tasks set next_attempt_at = now() where user_id = ${person.id}`;
    await runWorker();
    await expect
      .poll(async () => (await accountState(owner(), person.id))?.is_banned, { timeout: 10_000 })
      .toBe(true);
  });
});
