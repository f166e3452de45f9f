import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const consentsOf = ({ id }: Account) =>
  owner()`select * from public.consents where user_id = ${id} order by consent_id`;

const consent = (document: string, version = "2026-11-01"): ApiRequest => ({
  headers: newKey(),
  body: { document, version },
});

describeCommonAnswers("users.recordConsent", {
  caller: () => anna.credential,
  request: () => consent("terms"),
  keeps: () => consentsOf(anna),
});

describeIdempotency("users.recordConsent", {
  caller: () => createAccount(),
  request: async () => consent("terms"),
  otherRequest: async () => consent("privacy"),
  effects: async (account) => (await consentsOf(account)).length,
});

describe("201", () => {
  test("a consent is written down once, however often it is given", async () => {
    const person = await createAccount();
    const first = await call("users.recordConsent", { ...consent("terms"), as: person.credential });
    const again = await call("users.recordConsent", { ...consent("terms"), as: person.credential });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBeNull();
    expect(await consentsOf(person)).toHaveLength(1);
  });
});

describe("400", () => {
  test.each([
    ["an unknown text", { document: "soul", version: "1" }],
    ["a version that is none", { document: "terms", version: "../1" }],
    ["no version", { document: "terms" }],
  ])("for %s", async (_what, body) => {
    const request = { as: anna.credential, headers: newKey(), body };
    await expectProblem("users.recordConsent", 400, "validation_failed", request);
  });
});

describe("409", () => {
  test("a version that is not in force is not what the person has seen", async () => {
    const person = await createAccount();
    const request = { ...consent("terms", "2001-01-01"), as: person.credential };
    await expectProblem("users.recordConsent", 409, "consent_outdated", request);
    expect(await consentsOf(person)).toEqual([]);
  });
});

describe("403", () => {
  test("a suspended person consents to nothing", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    const request = { ...consent("terms"), as: person.credential };
    await expectProblem("users.recordConsent", 403, "account_inactive", request);
    expect(await consentsOf(person)).toEqual([]);
  });
});
