import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { act, describeAccountAction } from "../helpers/api-account-actions.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
} from "../helpers/api-accounts.ts";
import { newKey } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let support: Account;

beforeAll(async () => {
  support = await createStaff(owner(), "support");
});

describeAccountAction("admin.signOutUser", {
  role: "support",
  otherRole: "reviewer",
  action: "user.signed_out",
});

describe("200", () => {
  test("every session ends, refreshing too; signing in again is possible", async () => {
    const person = await createAccount();
    const second = await signIn(person.email);
    const { status, body, headers } = await act("admin.signOutUser", support.credential, person.id);
    expect([status, body]).toMatchObject([200, { account_status: "active", ended_sessions: 2 }]);
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    for (const { credential: as, client } of [person, second]) {
      await expectProblem("kyc.createVerification", 401, "session_ended", {
        as,
        headers: newKey(),
      });
      expect((await client.auth.refreshSession()).data.session).toBeNull();
    }
    const { credential: as } = await signIn(person.email);
    expect((await call("kyc.createVerification", { as, headers: newKey() })).status).toBe(201);
  });

  test("an administrator may sign out themselves", async () => {
    const admin = await createStaff(owner(), "admin");
    const { body } = await act("admin.signOutUser", admin.credential, admin.id);
    expect(body.ended_sessions).toBe(1);
    await expectProblem("admin.listUsers", 401, "session_ended", { as: admin.credential });
  });
});
