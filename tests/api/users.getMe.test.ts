import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  softDelete,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { completeProfile } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

describeCommonAnswers("users.getMe", {
  caller: () => anna.credential,
  request: () => ({}),
});

describe("200", () => {
  test("a new account has what was told at sign-up and nothing else", async () => {
    const { status, body, headers } = await call("users.getMe", { as: anna.credential });
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe('"v1"');
    expect(body).toMatchObject({
      user_id: anna.id,
      email: anna.email,
      profile: { first_name: "Anna", last_name: "Schmidt", date_of_birth: null, phone: null },
      address: null,
      roles: [],
      kyc: { status: "not_started", next_action: "start_verification", verification_id: null },
      flags: { profile_complete: false, consents_complete: false, suspended: false },
    });
  });

  test("a complete profile says so", async () => {
    const person = await createAccount();
    await completeProfile(person);
    const { body } = await call("users.getMe", { as: person.credential });
    expect(body.flags).toEqual({
      profile_complete: true,
      consents_complete: true,
      suspended: false,
    });
    expect(body.address).toMatchObject({ city: "Berlin", country: "DE", street_address_2: null });
  });

  test("staff see their roles", async () => {
    const reviewer = await createStaff(owner(), "reviewer", "auditor");
    const { body } = await call("users.getMe", { as: reviewer.credential });
    expect(body.roles).toEqual(["reviewer", "auditor"]);
  });

  test("a suspended person may read, and is told", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    const { status, body } = await call("users.getMe", { as: person.credential });
    expect(status).toBe(200);
    expect(body.flags.suspended).toBe(true);
  });
});

describe("403", () => {
  test("a deleted account is refused, although its token is still good", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    await expectProblem("users.getMe", 403, "account_inactive", { as: person.credential });
  });
});
