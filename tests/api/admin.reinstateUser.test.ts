import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { accountState, act, describeAccountAction } from "../helpers/api-account-actions.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
  suspend,
} from "../helpers/api-accounts.ts";
import { newKey } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let admin: Account;
let officer: Account;

beforeAll(async () => {
  admin = await createStaff(owner(), "admin");
  officer = await createStaff(owner(), "compliance_admin");
});

describeAccountAction("admin.reinstateUser", {
  role: "compliance_admin",
  otherRole: "auditor",
  action: "user.reinstated",
  body: { note: "The customer has a new password." },
  otherBody: { note: "Another reason." },
  prepare: suspend,
});

describe("200", () => {
  test("the person can sign in when it has been answered", async () => {
    const person = await createAccount();
    const body = { reason_code: "other" };
    const suspended = await act("admin.suspendUser", admin.credential, person.id, { body });
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
    const answer = await act("admin.reinstateUser", officer.credential, person.id, {
      headers: { "if-match": suspended.headers.get("etag") ?? "" },
    });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        user_id: person.id,
        account_status: "active",
        version: suspended.body.version + 1,
        ended_sessions: 0,
      },
    ]);
    const { credential: as } = await signIn(person.email);
    expect((await call("kyc.createVerification", { as, headers: newKey() })).status).toBe(201);
    // The old session has ended for good.
    await expectProblem("kyc.createVerification", 401, "session_ended", {
      as: person.credential,
      headers: newKey(),
    });
  });
});

describe("409", () => {
  test.each(["active", "deleted"])("for an account that is %s", async (state) => {
    const person = await createAccount();
    if (state === "deleted") {
      await suspend(owner(), person);
      await owner()`update public.profiles set is_soft_deleted = true where user_id = ${person.id}`;
    }
    const before = await accountState(owner(), person.id);
    const { status, body } = await act("admin.reinstateUser", admin.credential, person.id);
    expect([status, body.code]).toEqual([409, "account_state_conflict"]);
    expect(await accountState(owner(), person.id)).toEqual(before);
  });
});
