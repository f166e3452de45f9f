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
import { describeIdempotency } from "../helpers/api-idempotency.ts";
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

const itemOf = ({ verification_id, version }: Verification) => ({ verification_id, version });

const bulk = (
  action: string,
  items: readonly Record<string, unknown>[],
  rest: Record<string, unknown> = {},
): ApiRequest => ({
  as: reviewer.credential,
  headers: newKey(),
  body: { action, items, ...rest },
});

describeCommonAnswers("admin.bulkKyc", {
  caller: () => reviewer.credential,
  outsider: () => outsider.credential,
  request: () => {
    const { as: _, ...request } = bulk("requeue", [itemOf(waiting)]);
    return request;
  },
  keeps: () => caseOf(owner(), waiting),
});

describeIdempotency("admin.bulkKyc", {
  caller: () => createStaff(owner(), "approver"),
  request: async ({ id }) => bulk("assign", [itemOf(waiting)], { assignee_id: id, note: id }),
  otherRequest: async ({ id }) => bulk("assign", [itemOf(waiting)], { assignee_id: id, note: "x" }),
  effects: async ({ id }) => {
    const [row] = await owner()`
      select count(*)::integer as notes from private.kyc_notes where author_id = ${id}`;
    return row?.notes;
  },
});

describe("207", () => {
  test("each item has its own answer, in the order of the request", async () => {
    const [good, held, draft] = [
      await inReview(owner()),
      await inReview(owner()),
      await startVerification(await createAccount()),
    ];
    await hold(lead, held, lead);
    const unknown = randomUUID();
    const { status, body } = await call(
      "admin.bulkKyc",
      bulk(
        "reject",
        [
          { verification_id: unknown, version: 1 },
          itemOf(held),
          { ...itemOf(good), reason_code: "document_fraud" },
          itemOf(draft),
        ],
        { reason_code: "document_expired", note: "October import." },
      ),
    );
    expect(status).toBe(207);
    expect(body).toMatchObject({ dry_run: false, succeeded: 1, failed: 3 });
    expect(body.items).toMatchObject([
      { verification_id: unknown, http_status: 404, error_code: "not_found", status: null },
      { http_status: 409, error_code: "lease_held", status: "in_review", version: held.version },
      { http_status: 200, result: "applied", status: "rejected", error_code: null },
      { http_status: 409, error_code: "illegal_transition", status: "draft" },
    ]);
    const states = await owner()`
      select status from public.kyc_verifications
      where verification_id in (${good.verification_id}, ${held.verification_id}, ${draft.verification_id})
      order by array_position(array[${good.verification_id}, ${held.verification_id}]::uuid[], verification_id)`;
    expect(states.map(({ status: state }) => state)).toEqual(["rejected", "in_review", "draft"]);
  });

  test("a dry run says what would happen and changes nothing", async () => {
    const verification = await inReview(owner());
    const items = [itemOf(verification), { ...itemOf(waiting), version: 1 }];
    const before = [await caseOf(owner(), verification), await caseOf(owner(), waiting)];
    const request = bulk("requeue", items, { dry_run: true, note: "Only a try." });
    const { status, body } = await call("admin.bulkKyc", request);
    expect(status).toBe(207);
    expect(body).toMatchObject({ dry_run: true, succeeded: 1, failed: 1 });
    expect(body.items).toMatchObject([
      { http_status: 200, result: "applied", status: "submitted" },
      { http_status: 412, error_code: "precondition_failed", version: waiting.version },
    ]);
    expect([await caseOf(owner(), verification), await caseOf(owner(), waiting)]).toEqual(before);
  });

  test("what needs a second person waits for one", async () => {
    const verification = await inReview(owner());
    await owner()`update private.kyc_cases set risk_level = 'critical'
      where verification_id = ${verification.verification_id}`;
    const request = bulk("reject", [itemOf(verification)], { reason_code: "known_fraud" });
    const { body } = await call("admin.bulkKyc", request);
    expect(body).toMatchObject({
      succeeded: 1,
      items: [{ http_status: 202, result: "pending_second_approval", status: "in_review" }],
    });
  });

  test("a failure inside is one item's, and tells nothing of the inside", async () => {
    const [broken, good] = [await inReview(owner()), await inReview(owner())];
    await owner().unsafe(`alter table private.kyc_notes add constraint api_test_never
      check (verification_id <> '${broken.verification_id}') not valid`);
    try {
      const items = [itemOf(broken), itemOf(good)];
      const { body, text } = await call("admin.bulkKyc", bulk("requeue", items, { note: "x" }));
      expect(body.items).toMatchObject([
        {
          http_status: 500,
          error_code: "internal_error",
          error_detail: "The server could not complete the request.",
          status: "in_review",
        },
        { http_status: 200, status: "submitted" },
      ]);
      expect(text).not.toContain("api_test_never");
    } finally {
      await owner()`alter table private.kyc_notes drop constraint api_test_never`;
    }
  });

  test("a hundred items at once", async () => {
    const items = Array.from({ length: 99 }, () => ({ verification_id: randomUUID(), version: 1 }));
    const request = bulk("release", [...items, itemOf(waiting)]);
    const { body } = await call("admin.bulkKyc", { ...request, as: lead.credential });
    expect(body).toMatchObject({ succeeded: 1, failed: 99 });
    expect(body.items).toHaveLength(100);
  });
});

describe("400, and nothing changed", () => {
  const one = () => [itemOf(waiting)];
  test.each<[string, () => ApiRequest]>([
    ["approving in bulk", () => bulk("approve", one())],
    ["no item", () => bulk("release", [])],
    [
      "101 items",
      () =>
        bulk(
          "release",
          Array.from({ length: 101 }, () => ({ verification_id: randomUUID(), version: 1 })),
        ),
    ],
    ["an item twice", () => bulk("requeue", [...one(), ...one()])],
    ["an item without its version", () => bulk("requeue", [{ verification_id: randomUUID() }])],
    ["assign without an assignee", () => bulk("assign", one())],
    ["an assignee for another action", () => bulk("release", one(), { assignee_id: lead.id })],
    ["a reason for what takes none", () => bulk("requeue", one(), { reason_code: "other" })],
    ["an unknown reason", () => bulk("reject", one(), { reason_code: "bad_hair_day" })],
  ])("for %s", async (_what, request) => {
    const before = await caseOf(owner(), waiting);
    await expectProblem("admin.bulkKyc", 400, "validation_failed", request());
    expect(await caseOf(owner(), waiting)).toEqual(before);
  });
});
