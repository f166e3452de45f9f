import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  for (const document of ["terms", "privacy", "kyc_processing"]) {
    const body = { document, version: "2026-11-01" };
    await call("users.recordConsent", { as: anna.credential, headers: newKey(), body });
  }
});

describeCommonAnswers("users.listConsents", {
  caller: () => anna.credential,
  request: () => ({}),
});

describePages("users.listConsents", {
  caller: () => anna,
  otherCaller: () => berta,
  request: () => ({}),
  idOf: ({ consent_id }) => consent_id,
  count: 3,
});

describe("200", () => {
  test("the own consents, newest first, and nobody else's", async () => {
    const { body } = await call("users.listConsents", { as: anna.credential });
    expect(body.items.map(({ document }: { document: string }) => document)).toEqual([
      "kyc_processing",
      "privacy",
      "terms",
    ]);
    expect((await call("users.listConsents", { as: berta.credential })).body).toEqual({
      items: [],
      next_cursor: null,
    });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    await expectProblem("users.listConsents", 403, "account_inactive", { as: person.credential });
  });
});
