import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { type Chain, createChain } from "../helpers/api-audit.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
let auditor: Account;
let compliance: Account;
let others: Account;
let chain: Chain;

beforeAll(async () => {
  [auditor, compliance, others, chain] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver"),
    createChain(owner(), 5),
  ]);
});

const list = (query: string, as = auditor) =>
  call("admin.listAudit", { as: as.credential, query: `?${query}` });

describeCommonAnswers("admin.listAudit", {
  caller: () => auditor.credential,
  outsider: () => others.credential,
  request: () => ({}),
});

describePages("admin.listAudit", {
  caller: () => auditor,
  otherCaller: () => compliance,
  request: () => ({ query: `?stream=${chain.stream}` }),
  idOf: ({ audit_id }) => audit_id,
  count: 5,
});

describe("200", () => {
  test.each(["compliance_admin", "auditor", "admin"])("for %s", async (role) => {
    const staff = await createStaff(owner(), role);
    expect((await list("limit=1", staff)).status).toBe(200);
  });

  test("a chain, newest first or turned round", async () => {
    const newest = (await list(`stream=${chain.stream}`)).body.items;
    expect(newest.map(({ hash }: { hash: string }) => hash)).toEqual([...chain.hashes].reverse());
    const oldest = (await list(`stream=${chain.stream}&sort=at`)).body.items;
    expect(oldest).toEqual([...newest].reverse());
    expect(newest[0]).toMatchObject({ sequence: 5, action: "test.done", request_id: null });
  });

  test("by what was done, to what, by whom and when", async () => {
    const sequences = async (query: string) =>
      (await list(`stream=${chain.stream}&sort=at&${query}`)).body.items.map(
        ({ sequence }: { sequence: number }) => sequence,
      );
    expect(await sequences(`actor_id=${chain.stream}&actor_kind=system`)).toEqual([1, 2, 3, 4, 5]);
    expect(await sequences("actor_kind=machine")).toEqual([]);
    expect(await sequences("action=test.")).toHaveLength(5);
    expect(await sequences("action=test.done&subject_type=thing&subject_id=4")).toEqual([4]);
    expect(await sequences("at_to=2020-01-01T00:00:00.000Z")).toEqual([]);
    expect(await sequences("at_from=2020-01-01T00:00:00.000Z")).toHaveLength(5);
  });

  test("what one request has done is found by its id", async () => {
    const person = await createAccount();
    const { headers } = await call("users.updateMe", {
      as: person.credential,
      headers: { "if-match": "*" },
      body: { first_name: "Berta" },
    });
    const { body } = await list(`request_id=${headers.get("x-request-id")}`);
    expect(body.items).toEqual([
      expect.objectContaining({
        stream: `user:${person.id}`,
        actor_kind: "user",
        actor_id: person.id,
        action: "user.profile_changed",
      }),
    ]);
  });
});

describe("400", () => {
  test.each([
    "sort=stream",
    "actor_kind=god",
    "at_from=yesterday",
    "stream=KYC",
    "action=Kyc.",
    "request_id=a%20b",
  ])("for %s", async (query) => {
    const request = { as: auditor.credential, query: `?${query}` };
    await expectProblem("admin.listAudit", 400, "validation_failed", request);
  });

  test("for a cursor of other filters", async () => {
    const { next_cursor } = (await list(`stream=${chain.stream}&limit=1`)).body;
    await expectProblem("admin.listAudit", 400, "invalid_cursor", {
      as: auditor.credential,
      query: `?limit=1&cursor=${next_cursor}`,
    });
  });
});

describe("401 and 403", () => {
  test("a machine key is not for this", async () => {
    const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
    const { status } = await call("admin.listAudit", { as: credential });
    expect([401, 403]).toContain(status);
  });

  test("[AUTH-04] an auditor who is suspended", async () => {
    const suspended = await createStaff(owner(), "auditor");
    await suspend(owner(), suspended);
    // By the end of the session, or by the state of the account, whichever is noticed first.
    expect([401, 403]).toContain((await list("", suspended)).status);
  });
});
