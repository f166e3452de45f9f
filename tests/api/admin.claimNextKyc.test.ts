import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { caseOf, entriesOf, inReview } from "../helpers/api-review.ts";

const owner = ownerConnection();
let reviewer: Account;
let colleague: Account;
let outsider: Account;
let waiting: Verification;

beforeAll(async () => {
  [reviewer, colleague, outsider] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "support", "auditor", "admin"),
  ]);
  waiting = await inReview(owner(), { country: "LI" });
});

/** Every test file shares the queue; a country makes a part of it this test's. */
const claim = (as: Account, country: string, more: Record<string, unknown> = {}) =>
  call("admin.claimNextKyc", { as: as.credential, body: { country: [country], ...more } });

describeCommonAnswers("admin.claimNextKyc", {
  caller: () => reviewer.credential,
  outsider: () => outsider.credential,
  request: () => ({ body: { country: ["LI"] } }),
  keeps: () => caseOf(owner(), waiting),
});

describe("200", () => {
  test("the case, held by the caller for half an hour; then there is none", async () => {
    const verification = await inReview(owner(), { country: "MC" });
    const before = Date.now();
    const { status, body, headers } = await claim(reviewer, "MC");
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(body).toMatchObject({
      verification_id: verification.verification_id,
      assignee_id: reviewer.id,
      status: "in_review",
      country: "MC",
    });
    const rest = Date.parse(body.lease_expires_at) - before;
    expect(rest / 60_000).toBeCloseTo(30, 0);
    expect((await claim(colleague, "MC")).status).toBe(204);
    const listed = await call("admin.listKyc", {
      as: reviewer.credential,
      query: "?assignee=me&country=MC",
    });
    expect(listed.body.items).toMatchObject([{ verification_id: verification.verification_id }]);
    expect(await entriesOf(owner(), verification, "kyc.claimed")).toMatchObject([
      { actor_id: reviewer.id, request_id: headers.get("x-request-id") },
    ]);
  });

  test("without a body any case will do", async () => {
    await inReview(owner());
    const { status, body } = await call("admin.claimNextKyc", { as: reviewer.credential });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "in_review", assignee_id: reviewer.id });
  });

  test("what is held cannot be decided by others, and the decision ends the hold", async () => {
    const verification = await inReview(owner(), { country: "SM" });
    await claim(reviewer, "SM");
    const decision = (as: Account) => ({
      as: as.credential,
      params: { verification_id: verification.verification_id },
      headers: { ...newKey(), "if-match": `"v${verification.version}"` },
      body: { decision: "approve" },
    });
    await expectProblem("admin.decideKyc", 409, "lease_held", decision(colleague));
    expect((await call("admin.decideKyc", decision(reviewer))).body.status).toBe("approved");
    expect(await caseOf(owner(), verification)).toMatchObject([{ assignee_id: null }]);
  });

  test("[QUEUE-01] twenty at once get different cases", async () => {
    const cases = [];
    for (let count = 0; count < 4; count += 1) {
      cases.push(await inReview(owner(), { country: "AD" }));
    }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => claim(index % 2 === 0 ? reviewer : colleague, "AD")),
    );
    const claimed = answers.filter(({ status }) => status === 200);
    expect(claimed.map(({ body }) => body.verification_id).toSorted()).toEqual(
      cases.map(({ verification_id }) => verification_id).toSorted(),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(16);
  });
});

describe("204", () => {
  test("[QUEUE-02] nobody is given the own verification", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(owner(), { person, country: "VA" });
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'reviewer')`;
    expect((await claim(person, "VA")).status).toBe(204);
    expect((await claim(reviewer, "VA")).body.verification_id).toBe(verification.verification_id);
  });

  test("of a risk that no case has", async () => {
    const { status, text } = await claim(reviewer, "LI", { risk_level: ["critical"] });
    expect([status, text]).toEqual([204, ""]);
  });
});

describe("400", () => {
  test.each([
    { risk_level: [] },
    { risk_level: ["huge"] },
    { risk_level: ["low", "low"] },
    { country: ["Germany"] },
    { country: "DE" },
    { assignee_id: randomUUID() },
  ])("for %j", async (body) => {
    const request = { as: reviewer.credential, body };
    await expectProblem("admin.claimNextKyc", 400, "validation_failed", request);
  });
});

describe("401", () => {
  test("for staff who has been suspended, whatever the token says", async () => {
    const suspended = await createStaff(owner(), "reviewer");
    await suspend(owner(), suspended);
    const verification = await inReview(owner(), { country: "LU" });
    const request = { as: suspended.credential, body: { country: ["LU"] } };
    await expectProblem("admin.claimNextKyc", 401, "session_ended", request);
    expect(await caseOf(owner(), verification)).toMatchObject([{ assignee_id: null }]);
  });
});
