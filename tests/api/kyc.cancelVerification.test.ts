import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import {
  newKey,
  readyToSubmit,
  startVerification,
  submit,
  verificationIn,
  waitForStatus,
} from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let draft: Verification;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  draft = await startVerification(anna);
});

const request = (verification_id = draft.verification_id) => ({
  params: { verification_id },
  headers: newKey(),
});
const verificationsOf = ({ id }: Account) =>
  owner()`select * from public.kyc_verifications where user_id = ${id}`;

describeCommonAnswers("kyc.cancelVerification", {
  caller: () => anna.credential,
  request,
  keeps: () => verificationsOf(anna),
});

describeOwnership("kyc.cancelVerification", {
  stranger: () => berta,
  request,
  keeps: () => verificationsOf(anna),
});

describeIdempotency("kyc.cancelVerification", {
  caller: () => createAccount(),
  request: async (account) => ({
    params: { verification_id: (await startVerification(account)).verification_id },
  }),
  effects: async (account) => {
    const rows = await verificationsOf(account);
    return rows.filter(({ status }) => status === "cancelled").length;
  },
});

describe("200", () => {
  test("a draft is over, and another can be started", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const { status, body, headers } = await call("kyc.cancelVerification", {
      ...request(verification_id),
      as: person.credential,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "cancelled", deadline_at: null, requirements: [] });
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    const projection = await call("kyc.getStatus", { as: person.credential });
    expect(projection.body).toMatchObject({
      status: "not_started",
      next_action: "start_verification",
      can_retry: true,
    });
    expect((await startVerification(person)).previous_id).toBe(verification_id);
  });

  test("also one that waits for new documents", async () => {
    const person = await createAccount({ tag: "+kyc-retry" });
    const ready = await readyToSubmit(person);
    await submit(person, ready);
    await waitForStatus(person, ready, "resubmission_required");
    const { body } = await call("kyc.cancelVerification", {
      ...request(ready.verification_id),
      as: person.credential,
    });
    expect(body).toMatchObject({ status: "cancelled", attempt: 1 });
  });
});

describe("403", () => {
  test("a suspended account", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    await suspend(owner(), person);
    const before = await verificationsOf(person);
    const suspended = { ...request(verification_id), as: person.credential };
    await expectProblem("kyc.cancelVerification", 403, "account_inactive", suspended);
    expect(await verificationsOf(person)).toEqual(before);
  });
});

describe("409", () => {
  test.each([
    ["approved", ""],
    ["in_review", "+kyc-review"],
    ["rejected", "+kyc-reject"],
  ] as const)("a verification that is %s", async (status, tag) => {
    const person = await createAccount({ tag });
    const { verification_id } = await verificationIn(person, status);
    const before = await verificationsOf(person);
    const late = { ...request(verification_id), as: person.credential };
    await expectProblem("kyc.cancelVerification", 409, "illegal_transition", late);
    expect(await verificationsOf(person)).toEqual(before);
  });
});

describe("422", () => {
  test("the key of another operation", async () => {
    const person = await createAccount();
    const headers = newKey();
    const { body } = await call("kyc.createVerification", { as: person.credential, headers });
    await expectProblem("kyc.cancelVerification", 422, "idempotency_key_reused", {
      as: person.credential,
      params: { verification_id: body.verification_id },
      headers,
    });
    expect((await verificationsOf(person))[0]?.status).toBe("draft");
  });
});
