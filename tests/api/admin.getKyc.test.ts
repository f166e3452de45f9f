import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { startVerification, verificationIn } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let auditor: Account;
let anna: Account;
let verification: Verification;

beforeAll(async () => {
  [auditor, anna] = await Promise.all([createStaff(owner(), "auditor"), createAccount()]);
  verification = await verificationIn(anna, "approved");
});

const request = () => ({ params: { verification_id: verification.verification_id } });
const reads = () => owner()`
  select actor_id from private.audit_log
  where stream = ${`kyc:${verification.verification_id}`} and action = 'kyc.case_read'
`;

describeCommonAnswers("admin.getKyc", {
  caller: () => auditor.credential,
  outsider: () => anna.credential,
  request,
  keeps: reads,
});

test("[QUEUE-02] 403 for the own case, whatever the role, and no entry", async () => {
  const own = await createAccount();
  const { verification_id } = await startVerification(own);
  await owner()`insert into private.user_roles (user_id, role) values (${own.id}, 'compliance_admin')`;
  const entries = () =>
    owner()`select action from private.audit_log where stream = ${`kyc:${verification_id}`}`;
  const before = await entries();
  const params = { verification_id };
  await expectProblem("admin.getKyc", 403, "forbidden", { as: own.credential, params });
  expect(await entries()).toEqual(before);
});

describe("200", () => {
  test("the person, the attempt with the provider's facts, the documents and the timeline", async () => {
    const { status, body, headers } = await call("admin.getKyc", {
      ...request(),
      as: auditor.credential,
    });
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe(`"v${verification.version}"`);
    expect(body.subject).toMatchObject({ user_id: anna.id, email: anna.email });
    expect(body.attempts).toEqual([
      expect.objectContaining({ attempt: 1, provider: "mock", provider_outcome: "approved" }),
    ]);
    expect(body.documents).toHaveLength(1);
    expect(body.timeline).toContainEqual(
      expect.objectContaining({ actor: "provider", to_status: "approved" }),
    );
    // This reading is the newest entry.
    expect(body.timeline.at(-1)).toMatchObject({ actor: "staff", action: "kyc.case_read" });
  });

  test("each read is written down, with the request that did it", async () => {
    const before = (await reads()).length;
    const headers = { "x-request-id": `test-${randomUUID()}` };
    await call("admin.getKyc", { ...request(), as: auditor.credential, headers });
    const [entry] = await owner()`
      select actor_id, actor_kind from private.audit_log where request_id = ${headers["x-request-id"]}
    `;
    expect(entry).toEqual({ actor_id: auditor.id, actor_kind: "staff" });
    expect(await reads()).toHaveLength(before + 1);
  });
});

describe("404", () => {
  test("for an id that nobody has", async () => {
    await expectProblem("admin.getKyc", 404, "not_found", {
      as: auditor.credential,
      params: { verification_id: randomUUID() },
    });
  });
});
