import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { kycFunctionAs, transactionsAfter } from "../helpers/api-in-process.ts";
import {
  addDocument,
  completeProfile,
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

const stateOf = ({ id }: Account) => owner()`
  select verification.status, verification.attempt, verification.version, count(message.*)::integer as messages
  from public.kyc_verifications as verification
  left join private.outbox as message on message.subject_id = verification.verification_id
  where verification.user_id = ${id} group by verification.verification_id
`;

const request = (id = draft.verification_id): ApiRequest => ({
  params: { verification_id: id },
  headers: newKey(),
});

describeCommonAnswers("kyc.submitVerification", {
  caller: () => anna.credential,
  request: () => request(),
  keeps: () => stateOf(anna),
});

describeOwnership("kyc.submitVerification", {
  stranger: () => berta,
  request: () => request(),
  keeps: () => stateOf(anna),
});

describeIdempotency("kyc.submitVerification", {
  caller: () => createAccount(),
  request: async (account) => {
    const { verification_id } = await readyToSubmit(account);
    return { params: { verification_id } };
  },
  effects: async ({ id }) => {
    const rows = await owner()`
      select from private.kyc_attempts as attempt
      join public.kyc_verifications as verification using (verification_id)
      where verification.user_id = ${id}
    `;
    return rows.length;
  },
});

/** For one test; moving the clock would move it for every test after this one. */
async function withoutCoolDown(): Promise<void> {
  await owner()`update private.settings set resubmission_cooldown = '0'`;
  onTestFinished(async () => {
    await owner()`update private.settings set resubmission_cooldown = default`;
  });
}

describe("200", () => {
  test("uses an attempt, and the worker is woken to send it", async () => {
    const person = await createAccount();
    const ready = await readyToSubmit(person);
    const { status, body, headers } = await call("kyc.submitVerification", {
      ...request(ready.verification_id),
      as: person.credential,
    });
    expect([status, body.status, body.attempt]).toEqual([200, "submitted", 1]);
    expect(body.submitted_at).not.toBeNull();
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    await waitForStatus(person, ready, "approved");
  });

  test("again with a new document after a resubmission was asked for, until no attempt is left", async () => {
    const person = await createAccount({ tag: "+kyc-retry" });
    const ready = await readyToSubmit(person);
    await withoutCoolDown();
    for (const attempt of [1, 2]) {
      expect((await submit(person, ready)).attempt).toBe(attempt);
      await waitForStatus(person, ready, "resubmission_required");
      await addDocument(person, ready.verification_id);
    }
    await submit(person, ready);
    await waitForStatus(person, ready, "rejected");
    const { body } = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id: ready.verification_id },
    });
    expect(body).toMatchObject({ attempt: 3, reason_code: "resubmission_limit_exceeded" });
  });
});

describe("403", () => {
  test("a suspended account submits nothing", async () => {
    const person = await createAccount();
    const ready = await readyToSubmit(person);
    await suspend(owner(), person);
    const before = await stateOf(person);
    const suspended = { ...request(ready.verification_id), as: person.credential };
    await expectProblem("kyc.submitVerification", 403, "account_inactive", suspended);
    expect(await stateOf(person)).toEqual(before);
  });
});

describe("409", () => {
  test("what has been decided cannot be submitted", async () => {
    const person = await createAccount();
    const { verification_id } = await verificationIn(person, "approved");
    const before = await stateOf(person);
    const late = { ...request(verification_id), as: person.credential };
    await expectProblem("kyc.submitVerification", 409, "illegal_transition", late);
    expect(await stateOf(person)).toEqual(before);
  });

  test("of twenty at once with keys of their own, one goes through", async () => {
    const person = await createAccount();
    const { verification_id } = await readyToSubmit(person);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call("kyc.submitVerification", { ...request(verification_id), as: person.credential }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
  });
});

describe("422", () => {
  const pointersOf = ({ errors }: { errors: { pointer: string }[] }) =>
    errors.map(({ pointer }) => pointer).sort();

  test("a profile that is not complete, with every item", async () => {
    const incomplete = { ...request(), as: anna.credential };
    const answer = await expectProblem(
      "kyc.submitVerification",
      422,
      "profile_incomplete",
      incomplete,
    );
    expect(pointersOf(answer.body)).toEqual([
      "requirements/address",
      "requirements/profile_field/date_of_birth",
    ]);
  });

  test("a document that is missing", async () => {
    const person = await createAccount();
    await completeProfile(person);
    const { verification_id } = await startVerification(person);
    const lacking = { ...request(verification_id), as: person.credential };
    const answer = await expectProblem(
      "kyc.submitVerification",
      422,
      "requirements_not_met",
      lacking,
    );
    expect(pointersOf(answer.body)).toEqual(["requirements/document"]);
  });

  test("a resubmission with the document that was not accepted", async () => {
    const person = await createAccount({ tag: "+kyc-retry" });
    const ready = await readyToSubmit(person);
    await submit(person, ready);
    await waitForStatus(person, ready, "resubmission_required");
    await withoutCoolDown();
    const before = await stateOf(person);
    const unchanged = { ...request(ready.verification_id), as: person.credential };
    const answer = await expectProblem(
      "kyc.submitVerification",
      422,
      "requirements_not_met",
      unchanged,
    );
    expect(pointersOf(answer.body)).toEqual(["requirements/document_replacement/passport/front"]);
    expect(await stateOf(person)).toEqual(before);
  });
});

describe("429", () => {
  test("a resubmission before the minute is over, with the time to wait", async () => {
    const person = await createAccount({ tag: "+kyc-retry" });
    const ready = await readyToSubmit(person);
    await submit(person, ready);
    await waitForStatus(person, ready, "resubmission_required");
    await addDocument(person, ready.verification_id);
    // Longer than any clock that other tests move meanwhile.
    const transactionsFor = transactionsAfter(
      owner(),
      (tx) => tx`update private.settings set resubmission_cooldown = '1 hour'`,
    );
    const before = await stateOf(person);
    const early = { ...request(ready.verification_id), as: person.credential };
    const { headers } = await expectProblem(
      "kyc.submitVerification",
      429,
      "resubmission_too_soon",
      early,
      kycFunctionAs(person, transactionsFor),
    );
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(3_000);
    expect(await stateOf(person)).toEqual(before);
  });
});
