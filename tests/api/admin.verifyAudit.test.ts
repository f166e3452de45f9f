import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createStaff, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { createChain } from "../helpers/api-audit.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let auditor: Account;
let others: Account;

beforeAll(async () => {
  [auditor, others] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "support", "reviewer", "approver"),
  ]);
});

const verify = (query: string, as = auditor) =>
  call("admin.verifyAudit", { as: as.credential, query: `?${query}` });

describeCommonAnswers("admin.verifyAudit", {
  caller: () => auditor.credential,
  outsider: () => others.credential,
  request: () => ({ query: "?stream=test:nothing" }),
});

describe("200", () => {
  test.each(["compliance_admin", "auditor", "admin"])("for %s", async (role) => {
    const staff = await createStaff(owner(), role);
    const { body } = await verify("stream=test:nothing", staff);
    expect(body).toMatchObject({ intact: true, checked_streams: 0, checked_entries: 0 });
  });

  test("the whole audit, from one answer to the next", async () => {
    const chain = await createChain(owner(), 3);
    let streams = 0;
    for (let next: string | null = ""; next !== null; ) {
      const { body } = await verify(next ? `from_stream=${next}` : "");
      streams += body.checked_streams;
      next = body.next_stream;
      expect(
        body.faults.filter(({ stream }: { stream: string }) => stream === chain.stream),
      ).toEqual([]);
    }
    expect(streams).toBeGreaterThan(1);
  });

  test("one chain, and an anchor of it", async () => {
    const { stream, hashes } = await createChain(owner(), 4);
    expect((await verify(`stream=${stream}`)).body).toMatchObject({
      intact: true,
      complete: true,
      checked_entries: 4,
      anchor_checked: false,
    });
    const anchor = (sequence: number, hash = "") =>
      verify(`stream=${stream}&anchor_sequence=${sequence}&anchor_hash=${hash}`);
    expect((await anchor(4, hashes[3])).body).toMatchObject({ intact: true, anchor_checked: true });
    for (const answer of [await anchor(3, hashes[3]), await anchor(5, hashes[3])]) {
      expect(answer.body).toMatchObject({ intact: false, faults: [{ fault: "anchor", stream }] });
    }
  });
});

describe("400", () => {
  const hash = "0".repeat(64);
  test.each([
    "stream=a&from_stream=b",
    `anchor_sequence=1&anchor_hash=${hash}`,
    "stream=a&anchor_sequence=1",
    `stream=a&anchor_hash=${hash}`,
    `stream=a&anchor_sequence=0&anchor_hash=${hash}`,
    "stream=a&anchor_sequence=1&anchor_hash=abc",
    "stream=KYC",
  ])("for %s", async (query) => {
    const request = { as: auditor.credential, query: `?${query}` };
    await expectProblem("admin.verifyAudit", 400, "validation_failed", request);
  });
});

describe("403", () => {
  test("a machine key is not for this", async () => {
    const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
    const { status } = await call("admin.verifyAudit", { as: credential });
    expect([401, 403]).toContain(status);
  });

  test("[AUTH-04] an auditor who is suspended", async () => {
    const suspended = await createStaff(owner(), "auditor");
    await suspend(owner(), suspended);
    // By the end of the session, or by the state of the account, whichever is noticed first.
    expect([401, 403]).toContain((await verify("", suspended)).status);
  });
});
