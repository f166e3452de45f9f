import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createStaff, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { deadMessage } from "../helpers/api-queues.ts";

const owner = ownerConnection();
let compliance: Account;
let others: Account;
let dead: string;

beforeAll(async () => {
  [compliance, others, dead] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver", "auditor"),
    deadMessage(owner()),
  ]);
});

const request = (id: string, as = compliance) => ({
  as: as.credential,
  params: { message_id: id },
  headers: newKey(),
});
const retry = (id: string, as = compliance) => call("admin.retryOutboxMessage", request(id, as));
const stored = (id: string) => owner()`select * from private.outbox where message_id = ${id}`;
const entriesOf = (id: string) =>
  owner()`select actor_id, action from private.audit_log where subject_id = ${id}`;

describeCommonAnswers("admin.retryOutboxMessage", {
  caller: () => compliance.credential,
  outsider: () => others.credential,
  request: () => ({ params: { message_id: dead }, headers: newKey() }),
  keeps: () => stored(dead),
});

const messages = new Map<string, string>();
describeIdempotency("admin.retryOutboxMessage", {
  caller: () => createStaff(owner(), "compliance_admin"),
  request: async ({ id }) => {
    const message = messages.get(id) ?? (await deadMessage(owner()));
    messages.set(id, message);
    return { params: { message_id: message } };
  },
  effects: async ({ id }) => {
    const rows = await owner()`select 1 from private.audit_log
      where actor_id = ${id} and action = 'outbox.retried'`;
    return rows.length;
  },
});

describe("202", () => {
  test.each(["compliance_admin", "admin"])("for %s: due again, with the same key", async (role) => {
    const staff = await createStaff(owner(), role);
    // The circuit is open, so that no worker takes it from under the test.
    const provider = `p_${randomUUID()}`;
    await owner()`insert into private.provider_circuits (provider, open_until) values (${provider}, 'infinity')`;
    const id = await deadMessage(owner(), { provider });
    const [before] = await stored(id);
    const { status, body } = await retry(id, staff);
    expect([status, body]).toMatchObject([
      202,
      { message_id: id, status: "pending", finished_at: null, last_http_status: 503 },
    ]);
    const [after] = await stored(id);
    expect(after?.idempotency_key).toBe(before?.idempotency_key);
    expect(await entriesOf(id)).toEqual([{ actor_id: staff.id, action: "outbox.retried" }]);
    expect((await retry(id, staff)).body.status).toBe("pending");
    expect(await stored(id)).toEqual([after]);
    expect(await entriesOf(id)).toHaveLength(1);
  });

  test("what was sent is answered as it is, and not sent again", async () => {
    const id = await deadMessage(owner());
    await owner()`update private.outbox set status = 'sent' where message_id = ${id}`;
    const before = await stored(id);
    expect((await retry(id)).body).toMatchObject({ message_id: id, status: "sent" });
    expect(await stored(id)).toEqual(before);
    expect(await entriesOf(id)).toEqual([]);
  });
});

describe("refused", () => {
  test("404 for an id that nothing has", async () => {
    await expectProblem("admin.retryOutboxMessage", 404, "not_found", request(randomUUID()));
  });

  test("409 for a submission that its verification does not wait for", async () => {
    const id = await deadMessage(owner());
    await owner()`update private.outbox set topic = 'provider.submit', payload = '{"attempt": 1}'
      where message_id = ${id}`;
    const before = await stored(id);
    await expectProblem("admin.retryOutboxMessage", 409, "illegal_transition", request(id));
    expect(await stored(id)).toEqual(before);
  });

  test("422 for the key of another request", async () => {
    const first = request(await deadMessage(owner()));
    await call("admin.retryOutboxMessage", first);
    const before = await stored(dead);
    const reused = { ...request(dead), headers: first.headers };
    await expectProblem("admin.retryOutboxMessage", 422, "idempotency_key_reused", reused);
    expect(await stored(dead)).toEqual(before);
  });

  test("400 for an id that is none", async () => {
    await expectProblem("admin.retryOutboxMessage", 400, "validation_failed", request("me"));
  });

  test("a machine key, and staff that is suspended", async () => {
    const before = await stored(dead);
    const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
    const suspended = await createStaff(owner(), "compliance_admin");
    await suspend(owner(), suspended);
    for (const as of [credential, suspended.credential]) {
      const answer = await call("admin.retryOutboxMessage", { ...request(dead), as });
      expect([401, 403]).toContain(answer.status);
    }
    expect(await stored(dead)).toEqual(before);
  });
});
