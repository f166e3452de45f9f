import { describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { createAccount, ownerConnection, secretKey } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { readyToSubmit, submit, waitForStatus } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
const run = (body: unknown = {}) => call("worker.run", { as: secretKey(), body });

describeCommonAnswers("worker.run", {
  caller: secretKey,
  request: () => ({ body: { budget_ms: 1_000 } }),
});

describe("200", () => {
  test("says what was done, also when there was nothing to do", async () => {
    const { status, body } = await call("worker.run", { as: secretKey() });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      more: expect.any(Boolean),
      outbox: { claimed: expect.any(Number), dead: 0 },
      inbox: { dead: 0 },
    });
  });

  test("ten runs at once send each message once", async () => {
    const people = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const person = await createAccount();
        return { person, verification: await readyToSubmit(person) };
      }),
    );
    await Promise.all(people.map(({ person, verification }) => submit(person, verification)));
    await Promise.all(Array.from({ length: 10 }, () => run()));
    for (const { person, verification } of people) {
      await waitForStatus(person, verification, "approved");
      const messages = await owner()`
        select status, attempts from private.outbox
        where subject_id = ${verification.verification_id} and topic = 'provider.submit'
      `;
      expect([...messages]).toEqual([{ status: "sent", attempts: 1 }]);
    }
  });

  test("a submission that the provider refuses goes to staff, without another try", async () => {
    const person = await createAccount({ tag: "+kyc-nonsense" });
    const verification = await readyToSubmit(person);
    await submit(person, verification);
    await waitForStatus(person, verification, "in_review");
    const messages = await owner()`
      select status, attempts, last_status_code from private.outbox
      where subject_id = ${verification.verification_id}
    `;
    expect([...messages]).toEqual([{ status: "dead", attempts: 1, last_status_code: 422 }]);
  });

  test("a provider that stumbles is asked again when it is due", async () => {
    const person = await createAccount({ tag: "+kyc-flaky" });
    const verification = await readyToSubmit(person);
    await submit(person, verification);
    for (const attempts of [1, 2]) {
      await expect
        .poll(() => messageOf(verification.verification_id), { timeout: 5_000, interval: 25 })
        .toMatchObject([{ status: "pending", attempts, last_status_code: 500, lease_id: null }]);
      await owner()`
        update private.outbox set next_attempt_at = now()
        where subject_id = ${verification.verification_id}
      `;
      await owner()`delete from private.provider_circuits`;
      await run();
    }
    await waitForStatus(person, verification, "approved");
  });
});

const messageOf = (id: string) => owner()`
  select status, attempts, last_status_code, lease_id from private.outbox where subject_id = ${id}
`;

describe("400", () => {
  test.each([99, 60_001, 1.5, "10000", null])("for a budget of %s ms", async (budget) => {
    const request = { as: secretKey(), body: { budget_ms: budget } };
    const { body } = await expectProblem("worker.run", 400, "validation_failed", request);
    expect(body.errors[0].pointer).toBe("#/budget_ms");
  });
});
