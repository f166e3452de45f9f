import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { caseOf, entriesOf, hold, inReview } from "../helpers/api-review.ts";

const owner = ownerConnection();
let reviewer: Account;
let lead: Account;
let outsider: Account;
let held: Verification;

beforeAll(async () => {
  [reviewer, lead, outsider] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "auditor", "admin"),
  ]);
  held = await inReview(owner());
  await hold(lead, held, lead);
});

const release = (as: Account, { verification_id }: Verification) =>
  call("admin.releaseKyc", { as: as.credential, params: { verification_id } });

describeCommonAnswers("admin.releaseKyc", {
  caller: () => lead.credential,
  outsider: () => outsider.credential,
  request: () => ({ params: { verification_id: held.verification_id } }),
  keeps: () => caseOf(owner(), held),
});

test("200: the holder gives the case back, and asking again changes nothing", async () => {
  const verification = await inReview(owner());
  await hold(reviewer, verification, reviewer);
  for (let time = 0; time < 2; time += 1) {
    const { status, body, headers } = await release(reviewer, verification);
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(body).toMatchObject({ assignee_id: null, lease_expires_at: null, status: "in_review" });
  }
  expect(await entriesOf(owner(), verification, "kyc.released")).toMatchObject([
    { actor_id: reviewer.id, details: { holder: reviewer.id } },
  ]);
});

test("200: a compliance administrator ends anyone's hold", async () => {
  const verification = await inReview(owner());
  await hold(reviewer, verification, reviewer);
  expect((await release(lead, verification)).body.assignee_id).toBeNull();
  expect(await entriesOf(owner(), verification, "kyc.released")).toMatchObject([
    { actor_id: lead.id, details: { holder: reviewer.id } },
  ]);
});

describe("refusals", () => {
  test("409: a reviewer does not end the hold of another", async () => {
    const before = await caseOf(owner(), held);
    await expectProblem("admin.releaseKyc", 409, "lease_held", {
      as: reviewer.credential,
      params: { verification_id: held.verification_id },
    });
    expect(await caseOf(owner(), held)).toEqual(before);
  });

  test("404 for an id that nobody has", async () => {
    await expectProblem("admin.releaseKyc", 404, "not_found", {
      as: lead.credential,
      params: { verification_id: randomUUID() },
    });
  });
});
