import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey, startVerification } from "../helpers/api-kyc.ts";
import { caseOf, hold, inReview } from "../helpers/api-review.ts";

const owner = ownerConnection();
let reviewer: Account;
let lead: Account;
let outsider: Account;
let waiting: Verification;

beforeAll(async () => {
  [reviewer, lead, outsider] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "approver"),
    createStaff(owner(), "support", "auditor", "admin"),
  ]);
  waiting = await inReview(owner());
});

const request = ({ verification_id }: Verification, body?: unknown): ApiRequest => ({
  as: reviewer.credential,
  params: { verification_id },
  headers: newKey(),
  ...(body !== undefined && { body }),
});

describeCommonAnswers("admin.requeueKyc", {
  caller: () => reviewer.credential,
  outsider: () => outsider.credential,
  request: () => {
    const { as: _, ...rest } = request(waiting, { note: "The provider is back." });
    return rest;
  },
  keeps: () => caseOf(owner(), waiting),
});

const submissions = async ({ verification_id: id }: Verification) => {
  const [row] = await owner()`
    select count(*)::integer as messages, count(*) filter (where status = 'sent')::integer as sent
    from private.outbox where subject_id = ${id} and topic = 'provider.submit'`;
  return row;
};

describe("200", () => {
  test("the case goes to the provider again, whose verdict brings it back", async () => {
    const verification = await inReview(owner());
    const { status, body, headers } = await call("admin.requeueKyc", request(verification));
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: "applied", status: "submitted", attempt: 1 });
    expect(body.version).toBe(verification.version + 1);
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    await vi.waitFor(
      async () => {
        expect(await submissions(verification)).toEqual({ messages: 2, sent: 2 });
        expect(await caseOf(owner(), verification)).toMatchObject([{ status: "in_review" }]);
      },
      { timeout: 10_000, interval: 50 },
    );
    const read = await call("kyc.getVerification", {
      as: lead.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(read.status).toBe(404);
  });

  test("a repeated request sends once, and the note stays with staff", async () => {
    const verification = await inReview(owner());
    await hold(reviewer, verification, reviewer);
    const asked = request(verification, { note: "The provider is back." });
    const first = await call("admin.requeueKyc", asked);
    const replay = await call("admin.requeueKyc", asked);
    expect(first.status).toBe(200);
    expect(replay.text).toBe(first.text);
    expect(replay.headers.get("idempotent-replayed")).toBe("true");
    expect(await submissions(verification)).toMatchObject({ messages: 2 });
    const { body } = await call("admin.getKyc", {
      as: reviewer.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(body.notes).toMatchObject([{ text: "The provider is back.", author_id: reviewer.id }]);
  });
});

/** Expects a refusal that leaves the case as it was. */
async function expectUnchanged(
  status: number,
  code: string,
  verification: Verification,
  asked: ApiRequest,
) {
  const before = await caseOf(owner(), verification);
  await expectProblem("admin.requeueKyc", status, code, asked);
  expect(await caseOf(owner(), verification)).toEqual(before);
}

describe("refusals", () => {
  test("400 for a note that is none", async () => {
    for (const note of ["", "x".repeat(4001), 1, null]) {
      await expectUnchanged(400, "validation_failed", waiting, request(waiting, { note }));
    }
  });

  test("403 for the own verification", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(owner(), { person });
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'reviewer')`;
    const asked = { ...request(verification), as: person.credential };
    await expectUnchanged(403, "forbidden", verification, asked);
  });

  test("404 for an id that nobody has", async () => {
    const asked = { ...request(waiting), params: { verification_id: randomUUID() } };
    await expectProblem("admin.requeueKyc", 404, "not_found", asked);
  });

  test("409 for a case that somebody else holds", async () => {
    const verification = await inReview(owner());
    await hold(lead, verification, lead);
    await expectUnchanged(409, "lease_held", verification, request(verification));
  });

  test("409 for a draft", async () => {
    const draft = await startVerification(await createAccount());
    await expectUnchanged(409, "illegal_transition", draft, request(draft));
  });

  test("422 for a key that was used for another case", async () => {
    const [one, other] = [await inReview(owner()), await inReview(owner())];
    const headers = newKey();
    expect((await call("admin.requeueKyc", { ...request(one), headers })).status).toBe(200);
    const reused = { ...request(other), headers };
    await expectUnchanged(422, "idempotency_key_reused", other, reused);
  });
});
