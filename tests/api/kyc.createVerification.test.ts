import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey, startVerification, verificationIn } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const verificationsOf = ({ id }: Account) =>
  owner()`select * from public.kyc_verifications where user_id = ${id}`;

describeCommonAnswers("kyc.createVerification", {
  caller: () => anna.credential,
  request: () => ({ headers: newKey() }),
  keeps: () => verificationsOf(anna),
});

describeIdempotency("kyc.createVerification", {
  caller: () => createAccount(),
  request: async () => ({}),
  effects: async (account) => (await verificationsOf(account)).length,
});

describe("201", () => {
  test("a draft with its place, its version and its deadline", async () => {
    const person = await createAccount();
    const { status, body, headers } = await call("kyc.createVerification", {
      as: person.credential,
      headers: newKey(),
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "draft",
      previous_id: null,
      attempt: 0,
      max_attempts: 3,
      documents: [],
      submitted_at: null,
    });
    expect(Date.parse(body.deadline_at) - Date.parse(body.created_at)).toBe(7 * 24 * 3_600_000);
    expect(headers.get("etag")).toBe('"v1"');
    expect(headers.get("location")).toBe(`/functions/v1/kyc/verifications/${body.verification_id}`);
  });

  test("after an approval a new one follows on", async () => {
    const person = await createAccount();
    const approved = await verificationIn(person, "approved");
    const { previous_id } = await startVerification(person);
    expect(previous_id).toBe(approved.verification_id);
  });
});

describe("403", () => {
  test("a suspended account starts nothing", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    const request = { as: person.credential, headers: newKey() };
    await expectProblem("kyc.createVerification", 403, "account_inactive", request);
    expect(await verificationsOf(person)).toEqual([]);
  });
});

describe("409", () => {
  test("while one is open, and says which", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const request = { as: person.credential, headers: newKey() };
    const { body } = await expectProblem(
      "kyc.createVerification",
      409,
      "verification_open",
      request,
    );
    expect(body.resource_id).toBe(verification_id);
  });

  test("of twenty people's hands at once, one draft comes", async () => {
    const person = await createAccount();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call("kyc.createVerification", { as: person.credential, headers: newKey() }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect(await verificationsOf(person)).toHaveLength(1);
  });
});

describe("422", () => {
  test("the key of another operation", async () => {
    const person = await createAccount();
    const headers = { "idempotency-key": randomUUID() };
    const as = person.credential;
    await call("users.recordConsent", {
      as,
      headers,
      body: { document: "terms", version: "2026-11-01" },
    });
    await expectProblem("kyc.createVerification", 422, "idempotency_key_reused", { as, headers });
    expect(await verificationsOf(person)).toEqual([]);
  });
});
