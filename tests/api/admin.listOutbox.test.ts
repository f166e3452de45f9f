import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { describePages } from "../helpers/api-pages.ts";
import { deadMessage } from "../helpers/api-queues.ts";

const owner = ownerConnection();
const subjectId = randomUUID();
let auditor: Account;
let compliance: Account;
let others: Account;
let messages: string[];

beforeAll(async () => {
  [auditor, compliance, others] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver"),
  ]);
  messages = await Promise.all([1, 2, 3].map(() => deadMessage(owner(), { subjectId })));
});

const list = (query: string, as = auditor) =>
  call("admin.listOutbox", { as: as.credential, query: `?${query}` });

describeCommonAnswers("admin.listOutbox", {
  caller: () => auditor.credential,
  outsider: () => others.credential,
  request: () => ({}),
});

describePages("admin.listOutbox", {
  caller: () => auditor,
  otherCaller: () => compliance,
  request: () => ({ query: `?subject_id=${subjectId}` }),
  idOf: ({ message_id }) => message_id,
  count: 3,
});

describe("200", () => {
  test.each(["compliance_admin", "auditor", "admin"])("for %s", async (role) => {
    expect((await list("limit=1", await createStaff(owner(), role))).status).toBe(200);
  });

  test("what is dead, and why, without its payload", async () => {
    const { body } = await list(`subject_id=${subjectId}&status=dead&topic=provider.redact`);
    expect(body.items.map(({ message_id }: { message_id: string }) => message_id).sort()).toEqual(
      [...messages].sort(),
    );
    expect(body.items[0]).toMatchObject({
      status: "dead",
      attempts: 9,
      last_http_status: 503,
      last_error: "The provider answered 503.",
      next_attempt_at: null,
    });
    expect(body.items[0]).not.toHaveProperty("payload");
    expect((await list(`subject_id=${subjectId}&status=sent&status=pending`)).body.items).toEqual(
      [],
    );
    expect((await list("created_to=2020-01-01T00:00:00.000Z")).body.items).toEqual([]);
  });
});

describe("400", () => {
  test.each(["status=lost", "sort=topic", "created_from=soon", "subject_id=me", "topic=A"])(
    "for %s",
    async (query) => {
      const request = { as: auditor.credential, query: `?${query}` };
      await expectProblem("admin.listOutbox", 400, "validation_failed", request);
    },
  );
});

test("a machine key is not for this", async () => {
  const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
  expect([401, 403]).toContain((await call("admin.listOutbox", { as: credential })).status);
});
