import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { startVerification } from "../helpers/api-kyc.ts";
import { caseOf, entriesOf, hold, inReview } from "../helpers/api-review.ts";

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

const request = (
  as: Account,
  { verification_id }: Verification,
  body: Record<string, unknown>,
): ApiRequest => ({ as: as.credential, params: { verification_id }, body });

describeCommonAnswers("admin.assignKyc", {
  caller: () => reviewer.credential,
  outsider: () => outsider.credential,
  request: () => ({
    params: { verification_id: waiting.verification_id },
    body: { assignee_id: reviewer.id },
  }),
  keeps: () => caseOf(owner(), waiting),
});

describe("200", () => {
  test("a reviewer takes a case, and the same request renews the hold", async () => {
    const verification = await inReview(owner());
    const first = await hold(reviewer, verification, reviewer);
    expect(first.status).toBe(200);
    expect(first.headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(first.body).toMatchObject({ assignee_id: reviewer.id, version: verification.version });
    const renewed = await call(
      "admin.assignKyc",
      request(reviewer, verification, { assignee_id: reviewer.id, lease_minutes: 480 }),
    );
    const gained =
      Date.parse(renewed.body.lease_expires_at) - Date.parse(first.body.lease_expires_at);
    expect(gained / 60_000).toBeCloseTo(450, 0);
    expect(await entriesOf(owner(), verification, "kyc.assigned")).toHaveLength(1);
    expect(await entriesOf(owner(), verification, "kyc.hold_renewed")).toHaveLength(1);
  });

  test("an approver gives a case to somebody, and takes it from them", async () => {
    const verification = await inReview(owner());
    expect((await hold(lead, verification, reviewer)).body.assignee_id).toBe(reviewer.id);
    expect((await hold(lead, verification, lead)).body.assignee_id).toBe(lead.id);
    expect(await entriesOf(owner(), verification, "kyc.assigned")).toMatchObject([
      { actor_id: lead.id, details: { holder: reviewer.id } },
      { actor_id: lead.id, details: { holder: lead.id } },
    ]);
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
  const answer = await expectProblem("admin.assignKyc", status, code, asked);
  expect(await caseOf(owner(), verification)).toEqual(before);
  return answer;
}

describe("400", () => {
  test.each([
    {},
    { assignee_id: "me" },
    { assignee_id: randomUUID(), lease_minutes: 4 },
    { assignee_id: randomUUID(), lease_minutes: 481 },
    { assignee_id: randomUUID(), lease_minutes: 7.5 },
  ])("for %j", async (body) => {
    await expectUnchanged(400, "validation_failed", waiting, request(lead, waiting, body));
  });

  test("for somebody who cannot work on cases", async () => {
    for (const nobody of [outsider, await createAccount(), { id: randomUUID() }]) {
      const asked = request(lead, waiting, { assignee_id: nobody.id });
      const { body } = await expectUnchanged(400, "validation_failed", waiting, asked);
      expect(body.errors[0].pointer).toContain("assignee_id");
    }
  });
});

describe("403", () => {
  test("a reviewer gives no case to others", async () => {
    const asked = request(reviewer, waiting, { assignee_id: lead.id });
    await expectUnchanged(403, "forbidden", waiting, asked);
  });

  test("[QUEUE-02] nobody holds the own verification", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(owner(), { person });
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'reviewer')`;
    for (const as of [person, lead]) {
      const asked = request(as, verification, { assignee_id: person.id });
      await expectUnchanged(403, "forbidden", verification, asked);
    }
  });
});

describe("404", () => {
  test("for an id that nobody has", async () => {
    const params = { verification_id: randomUUID() };
    const asked = { ...request(lead, waiting, { assignee_id: lead.id }), params };
    await expectProblem("admin.assignKyc", 404, "not_found", asked);
  });
});

describe("409", () => {
  test("a reviewer does not take what somebody holds", async () => {
    const verification = await inReview(owner());
    await hold(lead, verification, lead);
    const asked = request(reviewer, verification, { assignee_id: reviewer.id });
    await expectUnchanged(409, "lease_held", verification, asked);
  });

  test("a draft is nobody's to hold", async () => {
    const draft = await startVerification(await createAccount());
    const asked = request(lead, draft, { assignee_id: lead.id });
    await expectUnchanged(409, "illegal_transition", draft, asked);
  });
});
