import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { parkEvent, type StoredEvent } from "../helpers/api-queues.ts";

const owner = ownerConnection();
let compliance: Account;
let others: Account;
let parked: StoredEvent;

beforeAll(async () => {
  [compliance, others, parked] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "support", "reviewer", "approver", "auditor"),
    parkEvent(owner()),
  ]);
});

const request = ({ id }: { readonly id: string }, as = compliance) => ({
  as: as.credential,
  params: { event_id: id },
  headers: newKey(),
});
const replay = (event: StoredEvent, as = compliance) =>
  call("admin.replayWebhookEvent", request(event, as));
const stored = ({ id }: StoredEvent) =>
  owner()`select * from private.webhook_inbox where event_row_id = ${id}`;
const entriesOf = ({ id }: StoredEvent) =>
  owner()`select actor_id, action, details from private.audit_log where subject_id = ${id}`;

describeCommonAnswers("admin.replayWebhookEvent", {
  caller: () => compliance.credential,
  outsider: () => others.credential,
  request: () => ({ params: { event_id: parked.id }, headers: newKey() }),
  keeps: () => stored(parked),
});

const events = new Map<string, StoredEvent>();
describeIdempotency("admin.replayWebhookEvent", {
  caller: () => createStaff(owner(), "compliance_admin"),
  request: async ({ id }) => {
    const event = events.get(id) ?? (await parkEvent(owner()));
    events.set(id, event);
    return { params: { event_id: event.id } };
  },
  effects: async ({ id }) => {
    const rows = await owner()`select 1 from private.audit_log
      where actor_id = ${id} and action = 'kyc.event_replayed'`;
    return rows.length;
  },
});

describe("200", () => {
  test("an event whose verification is known by now is applied", async () => {
    const event = await parkEvent(owner());
    const person = await createAccount({ tag: "+kyc-stuck" });
    const { verification_id } = await verificationIn(person, "processing");
    await owner()`update private.kyc_attempts set last_sequence = 0, provider_reference = (
        select provider_reference from private.webhook_inbox where event_row_id = ${event.id})
      where verification_id = ${verification_id}`;
    const { status, body } = await replay(event);
    expect([status, body]).toMatchObject([
      200,
      { event_id: event.id, result: "applied", verification_id, error: null, attempts: 2 },
    ]);
    const verification = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id },
    });
    expect(verification.body.status).toBe("approved");
    expect(await entriesOf(event)).toEqual([
      {
        actor_id: compliance.id,
        action: "kyc.event_replayed",
        details: '{"after": "applied", "before": "parked"}',
      },
    ]);
    const before = await stored(event);
    expect((await replay(event)).body.result).toBe("applied");
    expect(await stored(event)).toEqual(before);
  });

  test("for an administrator, and one that is still unknown waits on", async () => {
    const event = await parkEvent(owner());
    const { body } = await replay(event, await createStaff(owner(), "admin"));
    expect(body).toMatchObject({ result: "parked", attempts: 2 });
  });
});

describe("refused", () => {
  test("404 for an id that nothing has, and for an event whose body is gone", async () => {
    await expectProblem(
      "admin.replayWebhookEvent",
      404,
      "not_found",
      request({ id: randomUUID() }),
    );
    const event = await parkEvent(owner());
    await owner()`update private.webhook_inbox set body = null where event_row_id = ${event.id}`;
    await expectProblem("admin.replayWebhookEvent", 404, "not_found", request(event));
    expect(await entriesOf(event)).toEqual([]);
  });

  test("409 for a stored body that is not the one that was signed", async () => {
    const event = await parkEvent(owner());
    await owner()`update private.webhook_inbox set body = replace(body, 'approved', 'rejected')
      where event_row_id = ${event.id}`;
    const before = await stored(event);
    await expectProblem("admin.replayWebhookEvent", 409, "event_payload_mismatch", request(event));
    expect(await stored(event)).toEqual(before);
  });

  test("422 for the key of another request", async () => {
    const first = request(await parkEvent(owner()));
    await call("admin.replayWebhookEvent", first);
    const event = await parkEvent(owner());
    const before = await stored(event);
    const reused = { ...request(event), headers: first.headers };
    await expectProblem("admin.replayWebhookEvent", 422, "idempotency_key_reused", reused);
    expect(await stored(event)).toEqual(before);
  });

  test("400 for an id that is none", async () => {
    await expectProblem(
      "admin.replayWebhookEvent",
      400,
      "validation_failed",
      request({ id: "me" }),
    );
  });

  test("a machine key, and staff that is suspended", async () => {
    const before = await stored(parked);
    const { credential } = await createMachineKey(await createStaff(owner(), "admin"));
    const suspended = await createStaff(owner(), "compliance_admin");
    await suspend(owner(), suspended);
    for (const as of [credential, suspended.credential]) {
      const answer = await call("admin.replayWebhookEvent", { ...request(parked), as });
      expect([401, 403]).toContain(answer.status);
    }
    expect(await stored(parked)).toEqual(before);
  });
});
