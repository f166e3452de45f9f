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
const ID = "admin.revokeKyc";
const reason = { reason_code: "known_fraud", note: "A letter of the police." };
let officer: Account;
let second: Account;
let everyone: Account;
let approved: Verification;

const newApproved = async () => verificationIn(await createAccount(), "approved");

beforeAll(async () => {
  [officer, second, everyone] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver", "auditor", "admin"),
  ]);
  approved = await newApproved();
});

const refused = (status: number, code: string, request: ApiRequest, verification = approved) =>
  expectUnchanged(owner(), verification, [ID, status, code], request);

describeCommonAnswers(ID, {
  caller: () => officer.credential,
  outsider: () => everyone.credential,
  request: () => {
    const { as: _, ...request } = about(approved, officer, reason);
    return request;
  },
  keeps: () => caseOf(owner(), approved),
});

let mine: Verification;
describeIdempotency(ID, {
  caller: async () => {
    mine = await newApproved();
    return createStaff(owner(), "compliance_admin");
  },
  request: async (by) => about(mine, by, reason),
  otherRequest: async (by) => about(mine, by, { reason_code: "other" }),
  effects: async () => {
    const requests = await owner()`select from private.kyc_approvals
      where verification_id = ${mine.verification_id}`;
    return requests.length;
  },
});

describe("202", () => {
  test("the approval stays valid until a second one of compliance confirms its end", async () => {
    const person = await createAccount();
    const verification = await verificationIn(person, "approved");
    const statusOf = async () =>
      (await call("kyc.getStatus", { as: person.credential })).body.status;
    const request = about(verification, officer, reason);
    const answer = await call(ID, request);
    expect([answer.status, answer.body]).toMatchObject([
      202,
      {
        result: "pending_second_approval",
        status: "approved",
        version: verification.version,
        pending_approval: { action: "revoke", requested_by: officer.id, to_status: "revoked" },
      },
    ]);
    expect(answer.headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(await statusOf()).toBe("approved");

    const { pending_approval: asked } = answer.body;
    const votes = ["admin.approveKyc", 403, "self_approval"] as const;
    await expectUnchanged(owner(), verification, votes, vote(verification, officer, asked));
    const approver = await createStaff(owner(), "approver");
    const forbidden = ["admin.approveKyc", 403, "forbidden"] as const;
    await expectUnchanged(owner(), verification, forbidden, vote(verification, approver, asked));

    const confirmed = await call("admin.approveKyc", vote(verification, second, asked));
    expect(confirmed.body).toMatchObject({ result: "applied", status: "revoked" });
    expect(await statusOf()).toBe("declined");
  });
});

describe("403", () => {
  test("[EYES-03] not about oneself", async () => {
    const person = await createAccount();
    const verification = await verificationIn(person, "approved");
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'compliance_admin')`;
    await refused(403, "forbidden", about(verification, person, reason), verification);
  });
});

test("404 for an id that nobody has", async () => {
  await refused(
    404,
    "not_found",
    about({ ...approved, verification_id: randomUUID() }, officer, reason),
  );
});

describe("409", () => {
  test("what is not approved cannot be revoked", async () => {
    const draft = await startVerification(await createAccount());
    await refused(409, "illegal_transition", about(draft, officer, reason), draft);
  });

  test("somebody else's request waits; resource_id names it", async () => {
    const verification = await newApproved();
    const { approval_id } = await ask(ID, about(verification, officer, reason));
    await refused(409, "approval_pending", about(verification, second, reason), verification);
    const { body } = await call(ID, about(verification, second, reason));
    expect(body.resource_id).toBe(approval_id);
  });
});

test("400 for a reason that there is not, and for none", async () => {
  for (const body of [{ reason_code: "bad_hair_day" }, { note: "Because." }]) {
    await refused(400, "validation_failed", about(approved, officer, body));
  }
});
