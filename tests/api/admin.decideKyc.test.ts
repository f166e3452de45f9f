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
import { ask, inReviewAt } from "../helpers/api-four-eyes.ts";
import { newKey, startVerification, verificationIn } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let reviewer: Account;
let support: Account;
let waiting: Verification;

beforeAll(async () => {
  [reviewer, support] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "support", "auditor", "admin"),
  ]);
  waiting = await inReview();
});

/** A verification that waits for a decision of staff. */
async function inReview(person?: Account): Promise<Verification> {
  return verificationIn(person ?? (await createAccount({ tag: "+kyc-review" })), "in_review");
}

const stateOf = ({ verification_id: id }: Verification) => owner()`
  select status, version, attempt, reason_code,
    (select count(*)::integer from private.kyc_reviews where verification_id = ${id}) as reviews
  from public.kyc_verifications where verification_id = ${id}
`;

const decision = (
  { verification_id, version }: Verification,
  body: Record<string, unknown>,
): ApiRequest => ({
  as: reviewer.credential,
  params: { verification_id },
  headers: { ...newKey(), "if-match": `"v${version}"` },
  body,
});

const approve = { decision: "approve" };

describeCommonAnswers("admin.decideKyc", {
  caller: () => reviewer.credential,
  outsider: () => support.credential,
  request: () => {
    const { as: _, ...request } = decision(waiting, approve);
    return request;
  },
  keeps: () => stateOf(waiting),
});

describe("200", () => {
  test("approve: the person is approved, and the reviewer's reason stays inside", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(person);
    const { status, body, headers } = await call(
      "admin.decideKyc",
      decision(verification, approve),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: "applied", status: "approved", attempt: 1 });
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    const own = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(own.body).toMatchObject({ status: "approved", reason_code: null });
  });

  test("reject with a reason that the person must not see", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(person);
    const body = { decision: "reject", reason_code: "document_fraud", note: "Photo was swapped." };
    expect((await call("admin.decideKyc", decision(verification, body))).body.status).toBe(
      "rejected",
    );
    const own = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(own.body.status).toBe("rejected");
    expect(own.text).not.toMatch(/fraud|swapped/);
  });

  test("request_resubmission: the person has to replace what is named", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(person);
    const [document] = verification.documents;
    const { body } = await call(
      "admin.decideKyc",
      decision(verification, {
        decision: "request_resubmission",
        reason_code: "image_unreadable",
        documents: [{ document_id: document?.document_id, reason_code: "image_unreadable" }],
      }),
    );
    expect(body.status).toBe("resubmission_required");
    const status = await call("kyc.getStatus", { as: person.credential });
    expect(status.body).toMatchObject({
      next_action: "provide_requirements",
      requirements: [{ kind: "document_replacement", document_id: document?.document_id }],
    });
  });

  test("a repeated request decides once, also after the version has moved on", async () => {
    const verification = await inReview();
    const request = decision(verification, approve);
    const first = await call("admin.decideKyc", request);
    const replay = await call("admin.decideKyc", request);
    expect(replay.text).toBe(first.text);
    expect(replay.headers.get("idempotent-replayed")).toBe("true");
    expect(await stateOf(verification)).toMatchObject([{ status: "approved", reviews: 1 }]);
  });

  test("of twenty decisions at once, one counts", async () => {
    const verification = await inReview();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call("admin.decideKyc", decision(verification, approve))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
    expect(await stateOf(verification)).toMatchObject([{ reviews: 1 }]);
  });
});

describe("202", () => {
  test.each(["high", "critical"])("at %s risk a second person has to agree", async (level) => {
    const verification = await inReviewAt(owner(), level);
    const before = await stateOf(verification);
    const { status, body, headers } = await call(
      "admin.decideKyc",
      decision(verification, approve),
    );
    expect(status).toBe(202);
    expect(body).toMatchObject({
      result: "pending_second_approval",
      status: "in_review",
      version: verification.version,
      pending_approval: { action: "approve", requested_by: reviewer.id, document_ids: [] },
    });
    expect(headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(await stateOf(verification)).toEqual(before);
  });

  test("the case is held by nobody afterwards, and the own request can be replaced", async () => {
    const verification = await inReviewAt(owner());
    const first = await ask("admin.decideKyc", decision(verification, approve));
    const other = { decision: "reject", reason_code: "other" };
    const next = await ask("admin.decideKyc", decision(verification, other));
    expect(next).toMatchObject({ action: "reject" });
    expect(next.approval_id).not.toBe(first.approval_id);
    const [held] = await owner()`select assignee_id from private.kyc_cases
      where verification_id = ${verification.verification_id}`;
    expect(held).toEqual({ assignee_id: null });
  });
});

/** Expects a refusal that leaves the case as it was. */
async function expectUndecided(
  status: number,
  code: string,
  verification: Verification,
  request: ApiRequest,
) {
  const before = await stateOf(verification);
  const answer = await expectProblem("admin.decideKyc", status, code, request);
  expect(await stateOf(verification)).toEqual(before);
  return answer;
}

describe("400", () => {
  test.each([
    ["an unknown decision", { decision: "maybe" }],
    ["an unknown reason", { decision: "reject", reason_code: "bad_hair_day" }],
    ["documents with an approval", { decision: "approve", documents: [] }],
    [
      "a document of another verification",
      {
        decision: "request_resubmission",
        reason_code: "image_unreadable",
        documents: [{ document_id: randomUUID(), reason_code: "image_unreadable" }],
      },
    ],
    [
      "a resubmission without documents",
      { decision: "request_resubmission", reason_code: "other" },
    ],
  ])("for %s", async (_what, body) => {
    await expectUndecided(400, "validation_failed", waiting, decision(waiting, body));
  });
});

describe("403", () => {
  test("nobody decides the own verification", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(person);
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'reviewer')`;
    const own = { ...decision(verification, approve), as: person.credential };
    await expectUndecided(403, "forbidden", verification, own);
  });
});

describe("404", () => {
  test("for an id that nobody has", async () => {
    const params = { verification_id: randomUUID() };
    const request = { ...decision(waiting, approve), params };
    await expectProblem("admin.decideKyc", 404, "not_found", request);
  });
});

describe("409", () => {
  test("while somebody else's decision waits for a second person", async () => {
    const verification = await inReviewAt(owner());
    const another = await createStaff(owner(), "reviewer");
    const request = { ...decision(verification, approve), as: another.credential };
    const { approval_id } = await ask("admin.decideKyc", request);
    const { body } = await expectUndecided(
      409,
      "approval_pending",
      verification,
      decision(verification, approve),
    );
    expect(body.resource_id).toBe(approval_id);
  });

  test("a draft is not for staff to decide", async () => {
    const draft = await startVerification(await createAccount());
    await expectUndecided(409, "illegal_transition", draft, decision(draft, approve));
  });

  test("while another reviewer holds the case", async () => {
    const verification = await inReview();
    await owner()`
      update private.kyc_cases
      set assignee_id = ${support.id}, lease_expires_at = private.now() + interval '10 minutes'
      where verification_id = ${verification.verification_id}
    `;
    await expectUndecided(409, "lease_held", verification, decision(verification, approve));
  });
});

describe("422", () => {
  test("a rejection without a reason", async () => {
    const request = decision(waiting, { decision: "reject" });
    await expectUndecided(422, "reason_required", waiting, request);
  });
});
