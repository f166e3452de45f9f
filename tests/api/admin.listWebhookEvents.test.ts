import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { describePages } from "../helpers/api-pages.ts";
import { parkEvent, type StoredEvent } from "../helpers/api-queues.ts";

const owner = ownerConnection();
let auditor: Account;
let compliance: Account;
let others: Account;
let events: StoredEvent[];

beforeAll(async () => {
  [auditor, compliance, others] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver"),
  ]);
  events = await Promise.all([1, 2, 3].map(() => parkEvent(owner())));
});

const list = (query: string, as = auditor) =>
  call("admin.listWebhookEvents", { as: as.credential, query: `?${query}` });

describeCommonAnswers("admin.listWebhookEvents", {
  caller: () => auditor.credential,
  outsider: () => others.credential,
  request: () => ({}),
});

describePages("admin.listWebhookEvents", {
  caller: () => auditor,
  otherCaller: () => compliance,
  request: () => ({ query: "?result=parked" }),
  idOf: ({ event_id }) => event_id,
  own: () => events.map(({ id }) => id),
  count: 3,
});

describe("200", () => {
  test.each(["compliance_admin", "auditor", "admin"])("for %s", async (role) => {
    expect((await list("limit=1", await createStaff(owner(), role))).status).toBe(200);
  });

  test("one event by the provider's id, without its body", async () => {
    const [event] = events;
    const { body, text } = await list(`provider_event_id=${event?.providerEventId}`);
    expect(body.items).toEqual([
      expect.objectContaining({
        event_id: event?.id,
        provider: "mock",
        event_type: "verification.approved",
        result: "parked",
        error: "Its verification is not known yet.",
        verification_id: null,
      }),
    ]);
    expect(text).not.toMatch(/reason_codes|external_id|"body"/);
  });

  test("by result, several at once, and by time", async () => {
    const ids = async (query: string) =>
      (await list(`limit=100&${query}`)).body.items.map(
        ({ event_id }: { event_id: string }) => event_id,
      );
    expect(await ids("result=parked&result=dead")).toContain(events[0]?.id);
    expect(await ids("result=applied")).not.toContain(events[0]?.id);
    expect(await ids("received_to=2020-01-01T00:00:00.000Z")).toEqual([]);
    const forward = await ids("sort=received_at&result=parked");
    expect(forward).toEqual([...forward].sort());
  });
});

describe("400", () => {
  test.each(["result=lost", "sort=result", "received_from=soon", "verification_id=me"])(
    "for %s",
    async (query) => {
      const request = { as: auditor.credential, query: `?${query}` };
      await expectProblem("admin.listWebhookEvents", 400, "validation_failed", request);
    },
  );
});

test("a machine key is not for this", async () => {
  const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
  expect([401, 403]).toContain((await call("admin.listWebhookEvents", { as: credential })).status);
});
