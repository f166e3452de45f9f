import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describePages } from "../helpers/api-pages.ts";
import { erasureIn, placeHold, requestErasure } from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let auditor: Account;
let compliance: Account;
let reviewer: Account;
let held: Account;
let done: Account;

/** Other files ask for erasures too, so there is always more than these. */
beforeAll(async () => {
  [auditor, compliance, reviewer, held, done] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "reviewer"),
    createAccount(),
    createAccount(),
  ]);
  await placeHold(compliance, held.id);
  await requestErasure(held);
  await requestErasure(done);
  await requestErasure(await createAccount());
  await erasureIn(owner(), done, "completed");
});

const list = (query: string) =>
  call("admin.listErasureRequests", { as: auditor.credential, query: `?${query}` });
const peopleOf = (body: { items: { user_id: string }[] }) =>
  body.items.map(({ user_id }) => user_id);

describeCommonAnswers("admin.listErasureRequests", {
  caller: () => auditor.credential,
  outsider: () => reviewer.credential,
  request: () => ({}),
});

describePages("admin.listErasureRequests", {
  caller: () => auditor,
  otherCaller: () => compliance,
  // From the oldest on, so that what others ask for meanwhile comes at the end.
  request: () => ({ query: "?sort=requested_at" }),
  idOf: ({ erasure_request_id }) => erasure_request_id,
  count: 3,
});

describe("200", () => {
  test("by state", async () => {
    const holds = await list("status=legal_hold&limit=100");
    expect(peopleOf(holds.body)).toContain(held.id);
    expect(peopleOf(holds.body)).not.toContain(done.id);
    const both = await list("status=legal_hold&status=completed&limit=100");
    expect(peopleOf(both.body)).toEqual(expect.arrayContaining([held.id, done.id]));
  });

  test("by person, with what was done", async () => {
    const { body } = await list(`user_id=${done.id}`);
    expect(body.items).toEqual([
      expect.objectContaining({
        user_id: done.id,
        status: "completed",
        erasable_after: null,
        erased_now: expect.arrayContaining(["account", "profile", "address"]),
        completed_at: expect.any(String),
      }),
    ]);
    expect((await list("erasable_before=2020-01-01T00:00:00.000Z")).body.items).toEqual([]);
  });

  test("newest first, or turned round", async () => {
    const times = async (sort: string) => {
      const { body } = await list(`limit=100&sort=${sort}`);
      return body.items.map(({ requested_at }: { requested_at: string }) => requested_at);
    };
    const newest = await times("-requested_at");
    expect(newest).toEqual([...newest].sort().reverse());
    const oldest = await times("requested_at");
    expect(oldest).toEqual([...oldest].sort());
  });
});

describe("400", () => {
  test.each(["status=gone", "sort=status", "erasable_before=soon", "user_id=me"])(
    "for %s",
    async (query) => {
      const request = { as: auditor.credential, query: `?${query}` };
      await expectProblem("admin.listErasureRequests", 400, "validation_failed", request);
    },
  );
});
