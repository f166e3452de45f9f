import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type {
  AdminPendingApproval,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call } from "../helpers/api.ts";
import {
  type Account,
  createStaff,
  ownerConnection,
  secretKey,
  signIn,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { about, ask, caseOf, expectUnchanged, inReviewAt, vote } from "../helpers/api-four-eyes.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";

const owner = ownerConnection();
const ID = "admin.approveKyc";
let reviewer: Account;
let approver: Account;
let everyone: Account;
let waiting: Verification;
let pending: AdminPendingApproval;

const approve = { decision: "approve", reason_code: "known_fraud", note: "xylophone" };

/** A decision that waits for a second person. */
async function arrange(first = reviewer) {
  const verification = await inReviewAt(owner());
  return { verification, asked: await ask("admin.decideKyc", about(verification, first, approve)) };
}

beforeAll(async () => {
  [reviewer, approver, everyone] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "approver"),
    createStaff(owner(), "support", "reviewer", "auditor", "admin"),
  ]);
  ({ verification: waiting, asked: pending } = await arrange());
});

const refused = (status: number, code: string, request: ApiRequest, verification = waiting) =>
  expectUnchanged(owner(), verification, [ID, status, code], request);

describeCommonAnswers(ID, {
  caller: () => approver.credential,
  outsider: () => everyone.credential,
  request: () => {
    const { as: _, ...request } = vote(waiting, approver, pending);
    return request;
  },
  keeps: () => caseOf(owner(), waiting),
});

let mine: Awaited<ReturnType<typeof arrange>>;
describeIdempotency(ID, {
  caller: async () => {
    mine = await arrange();
    return createStaff(owner(), "approver");
  },
  request: async (by) => vote(mine.verification, by, mine.asked),
  otherRequest: async (by) =>
    vote(mine.verification, by, mine.asked, { vote: "decline", reason_code: "other" }),
  effects: async () => {
    const votes = await owner()`select from private.kyc_reviews
      where verification_id = ${mine.verification.verification_id} and vote = 'confirm'`;
    return votes.length;
  },
});

describe("200", () => {
  test("confirm: carried out, and the reasons of both can be read", async () => {
    const { verification, asked } = await arrange();
    const { verification_id } = verification;
    const answer = await call(ID, vote(verification, approver, asked, { note: "Seen too." }));
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        result: "applied",
        verification_id,
        status: "approved",
        version: verification.version + 1,
        attempt: 1,
        pending_approval: null,
      },
    ]);
    expect(answer.headers.get("etag")).toBe(`"v${answer.body.version}"`);
    const { body } = await call("admin.getKyc", {
      as: everyone.credential,
      params: { verification_id },
    });
    expect(body.reviews).toMatchObject([
      { vote: "propose", reviewer_id: reviewer.id, reason_code: "known_fraud", note: "xylophone" },
      { vote: "confirm", reviewer_id: approver.id, reason_code: null, note: "Seen too." },
    ]);
  });

  test("decline: the case stays as it is and can be decided anew, by two again", async () => {
    const { verification, asked } = await arrange();
    const declined = await call(
      ID,
      vote(verification, approver, asked, { vote: "decline", reason_code: "document_fraud" }),
    );
    expect([declined.status, declined.body]).toMatchObject([
      200,
      {
        result: "declined",
        status: "in_review",
        version: verification.version,
        pending_approval: null,
      },
    ]);
    await ask(
      "admin.decideKyc",
      about(verification, reviewer, { decision: "reject", reason_code: "other" }),
    );
  });
});

test("[EYES-04] the first person's reasons are in no answer until the second has voted", async () => {
  const { verification, asked } = await arrange();
  const params = { verification_id: verification.verification_id };
  const officer = await createStaff(owner(), "compliance_admin", "auditor", "admin");
  for (const { credential: as } of [reviewer, approver, everyone, officer]) {
    const one = await call("admin.getKyc", { as, params });
    expect(one.body).toMatchObject({
      pending_approval: asked,
      verification: { second_approval_pending: true },
    });
    const list = await call("admin.listKyc", { as, query: `?q=${params.verification_id}` });
    expect(list.body.items).toMatchObject([{ second_approval_pending: true }]);
    for (const { text } of [one, list]) expect(text).not.toMatch(/xylophone|known_fraud/);
  }
  const audit = await call("admin.listAudit", {
    as: officer.credential,
    query: `?subject_id=${params.verification_id}&limit=100`,
  });
  expect(audit.text).toContain("kyc.decision_requested");
  expect(audit.text).not.toMatch(/xylophone|known_fraud/);
});

describe("403", () => {
  test("[EYES-01] the first person, in another session and with the role of the second", async () => {
    const first = await createStaff(owner(), "reviewer", "approver", "compliance_admin");
    const { verification, asked } = await arrange(first);
    const again = await signIn(first.email);
    for (const as of [first, again]) {
      await refused(403, "self_approval", vote(verification, as, asked), verification);
    }
  });

  test("[EYES-03] the person who is verified", async () => {
    const { verification, asked } = await arrange();
    const [row] = await owner()<{ email: string; user_id: string }[]>`
      select email, user_id from public.profiles join public.kyc_verifications using (user_id)
      where verification_id = ${verification.verification_id}`;
    await owner()`insert into private.user_roles (user_id, role) values (${row?.user_id ?? ""}, 'approver')`;
    const subject = await signIn(row?.email ?? "");
    await refused(403, "forbidden", vote(verification, subject, asked), verification);
  });

  test("[EYES-06] a second person who has lost the role or is suspended", async () => {
    const [former, idle] = [
      await createStaff(owner(), "approver"),
      await createStaff(owner(), "approver"),
    ];
    await owner()`delete from private.user_roles where user_id = ${former.id}`;
    await suspend(owner(), idle);
    await refused(403, "forbidden", vote(waiting, former, pending));
    await refused(401, "session_ended", vote(waiting, idle, pending));
  });
});

test("[EYES-11] 401 for a machine key and for the key of the server: a vote has a person behind it", async () => {
  const admin = await createStaff(owner(), "admin");
  const made = await call("admin.createApiKey", {
    as: admin.credential,
    headers: { "idempotency-key": randomUUID() },
    body: { name: `Key ${randomUUID()}`, scopes: ["users:read", "users:write"] },
  });
  expect(made.status).toBe(201);
  const request = vote(waiting, approver, pending);
  const key = { authorization: `Bearer ${made.body.secret}` };
  await refused(401, "invalid_api_key", { ...request, as: key });
  await refused(401, "unauthenticated", { ...request, as: secretKey() });
});

test("404 for an id that nobody has", async () => {
  const nobody = { ...waiting, verification_id: randomUUID() };
  await refused(404, "not_found", vote(nobody, approver, pending));
});

describe("409", () => {
  test("[EYES-08] voted on: by the same person with another key, and by another person", async () => {
    const { verification, asked } = await arrange();
    await call(ID, vote(verification, approver, asked));
    const another = await createStaff(owner(), "approver");
    for (const by of [approver, another]) {
      await refused(409, "already_voted", vote(verification, by, asked), verification);
    }
  });

  test("[EYES-05] another hash, another request, and a case that has changed since it was read", async () => {
    const { verification, asked } = await arrange();
    const stale = (more: Record<string, unknown>) =>
      refused(409, "approval_stale", vote(verification, approver, asked, more), verification);
    await stale({ request_hash: "0".repeat(64) });
    await stale({ approval_id: randomUUID() });
    await stale({ approval_id: pending.approval_id, request_hash: pending.request_hash });
    await owner()`update private.kyc_cases set risk_score = 99 where verification_id = ${verification.verification_id}`;
    await stale({});
  });

  test("[EYES-06] the first person has lost the role", async () => {
    const first = await createStaff(owner(), "reviewer");
    const { verification, asked } = await arrange(first);
    await owner()`delete from private.user_roles where user_id = ${first.id}`;
    await refused(409, "approval_stale", vote(verification, approver, asked), verification);
  });

  test("[EYES-09] of twenty votes at once, one counts", async () => {
    const { verification, asked } = await arrange();
    const voters = await Promise.all(
      Array.from({ length: 20 }, () => createStaff(owner(), "approver")),
    );
    const answers = await Promise.all(voters.map((by) => call(ID, vote(verification, by, asked))));
    const statuses = answers
      .map(({ status, body }) => `${status} ${body.code ?? body.result}`)
      .sort();
    expect(statuses).toEqual([
      "200 applied",
      ...Array.from({ length: 19 }, () => "409 already_voted"),
    ]);
  });
});

test.each([
  ["a vote that there is not", { vote: "abstain" }],
  ["an unknown reason", { reason_code: "bad_hair_day" }],
  ["no hash", { request_hash: undefined }],
])("400 for %s", async (_what, more) => {
  await refused(400, "validation_failed", vote(waiting, approver, pending, more));
});

test("422 for a refusal without a reason", async () => {
  await refused(422, "reason_required", vote(waiting, approver, pending, { vote: "decline" }));
});
