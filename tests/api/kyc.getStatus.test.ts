import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { completeProfile, readyToSubmit, startVerification } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

describeCommonAnswers("kyc.getStatus", { caller: () => anna.credential, request: () => ({}) });

describe("200", () => {
  test("before the first verification there is nothing but the way to begin", async () => {
    const { body } = await call("kyc.getStatus", { as: anna.credential });
    expect(body).toEqual({
      status: "not_started",
      next_action: "start_verification",
      requirements: [],
      remaining_attempts: 3,
      can_retry: true,
      expires_at: null,
      verification_id: null,
    });
  });

  test("a draft names everything that is missing", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const { body } = await call("kyc.getStatus", { as: person.credential });
    expect(body).toMatchObject({
      status: "action_required",
      next_action: "provide_requirements",
      verification_id,
    });
    const kinds = body.requirements.map(({ kind }: { kind: string }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["profile_field", "address", "consent", "document"]));
  });

  test("what has been provided is asked for no more", async () => {
    const person = await createAccount();
    await completeProfile(person);
    await startVerification(person);
    const { body } = await call("kyc.getStatus", { as: person.credential });
    expect(body.requirements).toEqual([expect.objectContaining({ kind: "document" })]);
  });

  test("when nothing is missing, the next thing is to submit", async () => {
    const person = await createAccount();
    await readyToSubmit(person);
    const { body } = await call("kyc.getStatus", { as: person.credential });
    expect(body).toMatchObject({ next_action: "submit", requirements: [] });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    await expectProblem("kyc.getStatus", 403, "account_inactive", { as: person.credential });
  });
});
