import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { about, ask, caseOf, expectUnchanged, vote } from "../helpers/api-four-eyes.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { startVerification, verificationIn } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
const ID = "admin.reopenKyc";
const appeal = { reason_code: "appeal", note: "The customer sent a court order." };
let officer: Account;
let second: Account;
let everyone: Account;
let rejected: Verification;

const newApproved = async () => verificationIn(await createAccount(), "approved");
const newRejected = async () =>
  verificationIn(await createAccount({ tag: "+kyc-reject" }), "rejected");

beforeAll(async () => {
  [officer, second, everyone] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver", "auditor", "admin"),
  ]);
  rejected = await newRejected();
});

const refused = (status: number, code: string, request: ApiRequest, verification = rejected) =>
  expectUnchanged(owner(), verification, [ID, status, code], request);

describeCommonAnswers(ID, {
  caller: () => officer.credential,
  outsider: () => everyone.credential,
  request: () => {
    const { as: _, ...request } = about(rejected, officer, appeal);
    return request;
  },
  keeps: () => caseOf(owner(), rejected),
});

let mine: Verification;
describeIdempotency(ID, {
  caller: async () => {
    mine = await newApproved();
    return createStaff(owner(), "compliance_admin");
  },
  request: async (by) => about(mine, by, appeal),
  otherRequest: async (by) => about(mine, by, { reason_code: "other" }),
  effects: async () => {
    const reviews = await owner()`select from private.kyc_reviews
      where verification_id = ${mine.verification_id}`;
    return reviews.length;
  },
});

describe("200", () => {
  test("an approved case is in review at once, and its person is not approved meanwhile", async () => {
    const person = await createAccount();
    const verification = await verificationIn(person, "approved");
    const answer = await call(ID, about(verification, officer, appeal));
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        result: "applied",
        status: "in_review",
        version: verification.version + 1,
        pending_approval: null,
      },
    ]);
    expect(answer.headers.get("etag")).toBe(`"v${answer.body.version}"`);
    const { body } = await call("kyc.getStatus", { as: person.credential });
    expect(body.status).toBe("pending");
  });
});

describe("202", () => {
  test("a rejected one waits for a second one of compliance", async () => {
    const verification = await newRejected();
    const asked = await ask(ID, about(verification, officer, appeal));
    expect(asked).toMatchObject({
      action: "reopen",
      from_status: "rejected",
      to_status: "in_review",
    });
    const self = ["admin.approveKyc", 403, "self_approval"] as const;
    await expectUnchanged(owner(), verification, self, vote(verification, officer, asked));
    const confirmed = await call("admin.approveKyc", vote(verification, second, asked));
    expect(confirmed.body).toMatchObject({ result: "applied", status: "in_review" });
  });
});

test("[EYES-03] 403 about oneself", async () => {
  const person = await createAccount();
  const verification = await verificationIn(person, "approved");
  await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'compliance_admin')`;
  await refused(403, "forbidden", about(verification, person, appeal), verification);
});

test("404 for an id that nobody has", async () => {
  await refused(
    404,
    "not_found",
    about({ ...rejected, verification_id: randomUUID() }, officer, appeal),
  );
});

describe("409", () => {
  test("what is not decided cannot be reopened", async () => {
    const draft = await startVerification(await createAccount());
    await refused(409, "illegal_transition", about(draft, officer, appeal), draft);
  });

  test("[EYES-15] another verification of the person is open", async () => {
    const verification = await newRejected();
    const [open] = await owner()<{ id: string }[]>`
      insert into public.kyc_verifications (user_id, max_attempts)
      select user_id, 3 from public.kyc_verifications where verification_id = ${verification.verification_id}
      returning verification_id as id`;
    await refused(409, "verification_open", about(verification, officer, appeal), verification);
    const { body } = await call(ID, about(verification, officer, appeal));
    expect(body.resource_id).toBe(open?.id);
  });

  test("somebody else's request waits", async () => {
    const verification = await newRejected();
    await ask(ID, about(verification, officer, appeal));
    await refused(409, "approval_pending", about(verification, second, appeal), verification);
  });
});

test("400 for a reason that there is not, and for none", async () => {
  for (const body of [{ reason_code: "bad_hair_day" }, { note: "Because." }]) {
    await refused(400, "validation_failed", about(rejected, officer, body));
  }
});
