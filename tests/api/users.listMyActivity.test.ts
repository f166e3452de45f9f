import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { completeProfile } from "../helpers/api-kyc.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  await Promise.all([completeProfile(anna), completeProfile(berta)]);
});

describeCommonAnswers("users.listMyActivity", {
  caller: () => anna.credential,
  request: () => ({}),
});

describePages("users.listMyActivity", {
  caller: () => anna,
  otherCaller: () => berta,
  request: () => ({}),
  idOf: ({ at, action, subject_id }) => `${at} ${action} ${subject_id}`,
  count: 5,
});

describe("200", () => {
  test("what the person did, newest first, with the request that did it", async () => {
    const { body } = await call("users.listMyActivity", { as: anna.credential });
    expect(body.items.map(({ action }: { action: string }) => action)).toEqual([
      "user.consent_recorded",
      "user.consent_recorded",
      "user.consent_recorded",
      "user.address_changed",
      "user.profile_changed",
    ]);
    for (const { actor_kind, request_id } of body.items) {
      expect([actor_kind, typeof request_id]).toEqual(["user", "string"]);
    }
    expect(JSON.stringify(body)).not.toContain(berta.id);
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    await expectProblem("users.listMyActivity", 403, "account_inactive", { as: person.credential });
  });
});
