import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { application, Provider } from "./lib/provider.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await Provider.start();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const pause = () => provider.control("/clock", { time_scale: 1, paused: true }, "PUT");
const advance = (ms: number) => provider.control("/clock/advance", { ms });
const minutes = 60_000;

describe("the virtual clock", () => {
  test("delays events as the table says, to the millisecond", async () => {
    await pause();
    const { id } = await provider.submit("MOCK-APPROVE");
    await advance(199);
    expect(await provider.deliveries(id)).toHaveLength(0);
    await advance(1);
    expect(await provider.deliveries(id)).toHaveLength(1);
    await advance(799);
    expect(await provider.read(id)).toMatchObject({ status: "processing", sequence: 1 });
    await advance(1);
    expect(await provider.read(id)).toMatchObject({ status: "approved", sequence: 2 });
    expect(await provider.deliveries(id)).toHaveLength(2);
  });

  test("walks over long times in order, each thing at its own time", async () => {
    await pause();
    const slow = await provider.submit("MOCK-SLOW");
    const quick = await provider.submit("MOCK-APPROVE");
    await advance(60 * minutes);
    const received = await provider.receiver.count(4);
    const order = received.map(({ event }) => [event?.data.verification_id, event?.sequence]);
    expect(order).toEqual([
      [slow.id, 1],
      [quick.id, 1],
      [quick.id, 2],
      [slow.id, 2],
    ]);
    const [, verdict] = await provider.deliveries(slow.id);
    expect(verdict?.sent_at).toBe(received[3]?.event?.occurred_at);
  });

  test("scales delays that begin later and never goes back", async () => {
    const Clock = z.object({ now: z.coerce.date(), time_scale: z.number(), paused: z.boolean() });
    const before = Clock.parse(await pause());
    expect(before).toMatchObject({ paused: true, time_scale: 1 });
    await provider.control("/clock", { time_scale: 10 }, "PUT");
    const { id } = await provider.submit("MOCK-APPROVE");
    await advance(1999);
    expect(await provider.deliveries(id)).toHaveLength(0);
    await advance(1);
    expect(await provider.deliveries(id)).toHaveLength(1);
    const resumed = Clock.parse(await provider.control("/clock", { paused: false }, "PUT"));
    expect(resumed.paused).toBe(false);
    expect(resumed.now.getTime()).toBeGreaterThanOrEqual(before.now.getTime() + 2000);
  });

  test("runs by itself when it is not paused", async () => {
    await provider.control("/clock", { time_scale: 0.1 }, "PUT");
    const { id } = await provider.submit("MOCK-APPROVE");
    await provider.receiver.count(2);
    expect((await provider.read(id)).status).toBe("approved");
  });
});

describe("a delivery that fails", () => {
  test("is repeated after 5 s, 5 min, 30 min, 2 h, 5 h and 10 h, with one id, then given up", async () => {
    await pause();
    provider.receiver.status = 500;
    const { id } = await provider.submit("MOCK-STUCK");
    await advance(7 * 24 * 60 * minutes);
    const deliveries = await provider.deliveries(id);
    const times = deliveries.map(({ sent_at }) => Date.parse(sent_at));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toEqual([
      5000,
      5 * minutes,
      30 * minutes,
      120 * minutes,
      300 * minutes,
      600 * minutes,
    ]);
    expect(deliveries.map((delivery) => delivery.try)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(deliveries.map(({ event_id }) => event_id)).size).toBe(1);
    expect(new Set(deliveries.map((delivery) => delivery.id)).size).toBe(7);
    expect(new Set(provider.receiver.received.map(({ body }) => body)).size).toBe(1);
  });

  test("is repeated until it succeeds, redirects count as failures", async () => {
    await pause();
    provider.receiver.status = 302;
    const { id } = await provider.submit("MOCK-STUCK");
    await advance(200);
    provider.receiver.status = 204;
    await advance(24 * 60 * minutes);
    expect((await provider.deliveries(id)).map(({ status }) => status)).toEqual([302, 204]);
  });

  test("is not repeated after 410", async () => {
    await pause();
    provider.receiver.status = 410;
    const { id } = await provider.submit("MOCK-STUCK");
    await advance(24 * 60 * minutes);
    expect((await provider.deliveries(id)).map(({ status }) => status)).toEqual([410]);
  });

  test("does not hold up the verdict", async () => {
    await pause();
    provider.receiver.status = 500;
    const { id } = await provider.submit("MOCK-APPROVE");
    await advance(200);
    provider.receiver.status = 200;
    await advance(6000);
    const log = await provider.deliveries(id);
    expect(log.map(({ sequence, status }) => [sequence, status])).toEqual([
      [1, 500],
      [2, 200],
      [1, 200],
    ]);
  });

  test("says why when nobody listens", async () => {
    const { id } = await provider.submit("MOCK-STUCK", { callback_url: "http://127.0.0.1:1/" });
    await expect.poll(() => provider.deliveries(id), { timeout: 5000 }).toHaveLength(7);
    for (const { status, error } of await provider.deliveries(id)) {
      expect(status).toBeNull();
      expect(error).toContain("ECONNREFUSED");
    }
  });

  test("is dropped when the verification is cancelled", async () => {
    await pause();
    provider.receiver.status = 500;
    const { id } = await provider.submit("MOCK-STUCK");
    await advance(200);
    provider.receiver.status = 200;
    await provider.call("POST", `/v1/verifications/${id}/cancel`);
    await advance(24 * 60 * minutes);
    const log = await provider.deliveries(id);
    expect(log.map(({ type, status }) => [type, status])).toEqual([
      ["verification.processing", 500],
      ["verification.cancelled", 200],
    ]);
  });
});

describe("deciding", () => {
  test.each([
    ["approved", "verification.approved", "approved", []],
    ["rejected", "verification.rejected", "rejected", ["document_fraud"]],
    [
      "retry",
      "verification.resubmission_requested",
      "resubmission_requested",
      ["image_unreadable"],
    ],
    ["review", "verification.review_started", "in_review", ["duplicate_identity"]],
    ["expired", "verification.expired", "expired", []],
    ["monitoring_hit", "monitoring.hit", "in_review", ["sanctions_hit"]],
  ])("%s sends %s as the next event", async (outcome, type, status, reasons) => {
    const { id } = await provider.submit("MOCK-REVIEW");
    await provider.receiver.count(2);
    expect(await provider.control(`/verifications/${id}/decide`, { outcome })).toMatchObject({
      status,
      sequence: 3,
    });
    const [, , sent] = await provider.receiver.count(3);
    expect(provider.contract.eventFaults(sent?.body ?? "")).toEqual([]);
    expect(sent?.event).toMatchObject({ type, sequence: 3, data: { reason_codes: reasons } });
  });

  test("takes other reasons, also against an earlier verdict", async () => {
    const { id } = await provider.submit("MOCK-APPROVE");
    await provider.receiver.count(2);
    const reason_codes = ["known_fraud", "selfie_spoof"];
    await provider.control(`/verifications/${id}/decide`, { outcome: "rejected", reason_codes });
    const [, , late] = await provider.receiver.count(3);
    expect(late?.event).toMatchObject({ sequence: 3, data: { status: "rejected", reason_codes } });
  });

  test("is refused for a cancelled verification and an unknown one", async () => {
    const { id } = await provider.submit("MOCK-REVIEW");
    await provider.receiver.count(2);
    await provider.call("POST", `/v1/verifications/${id}/cancel`);
    const path = (one: string) => `/__mock/verifications/${one}/decide`;
    const body = { outcome: "approved" };
    expect(await provider.call("POST", path(id), { body })).toMatchObject({
      status: 409,
      json: { code: "verification_closed" },
    });
    expect((await provider.read(id)).status).toBe("cancelled");
    const unknown = `mkv_${"0".repeat(24)}`;
    expect((await provider.call("POST", path(unknown), { body })).status).toBe(404);
  });
});

test("an event can be sent again: same bytes, new delivery, valid signature", async () => {
  const { id } = await provider.submit("MOCK-APPROVE");
  const [first] = await provider.receiver.count(2);
  // Advancing waits for what is under way.
  await advance(0);
  provider.receiver.status = 409;
  const delivery = await provider.control(`/events/${first?.event?.id}/redeliver`);
  expect(delivery).toMatchObject({ verification_id: id, sequence: 1, status: 409 });
  const [, , again] = await provider.receiver.count(3);
  expect(again?.body).toBe(first?.body);
  expect(again?.refused).toBeNull();
  expect(again?.headers["x-mock-delivery-id"]).not.toBe(first?.headers["x-mock-delivery-id"]);
});

test("faults are set for the next requests, one entry each", async () => {
  await provider.control("/faults", { next: ["MOCK-HTTP-503", ".GAP", "MOCK-REJECT-FINAL"] });
  const body = application();
  const key = randomUUID();
  expect((await provider.post(body, { key })).status).toBe(503);
  expect((await provider.post(body, { key })).status).toBe(202);
  const gap = await provider.receiver.count(2);
  expect(gap.map(({ event }) => event?.sequence)).toEqual([1, 3]);
  await provider.post(application(), { scenario: "MOCK-PEP" });
  const [, , , rejected] = await provider.receiver.count(4);
  expect(rejected?.event?.type).toBe("verification.rejected");
  expect(await provider.control("/faults", {})).toEqual({ next: [], outage: null });
});

test("a hanging outage lets go after a minute of the virtual clock", async () => {
  await pause();
  await provider.control("/faults", { outage: "hang" });
  const request = fetch(`${provider.url}/v1/verifications/mkv_0`).then(
    () => "answered",
    () => "cut off",
  );
  await expect
    .poll(() => provider.control("/clock", undefined, "GET"))
    .toMatchObject({ pending_timers: 1 });
  await advance(minutes);
  expect(await request).toBe("cut off");
});

test("the log of requests shows what was asked and how it ended", async () => {
  const body = application();
  const key = randomUUID();
  await provider.post(body, { key, scenario: "MOCK-HTTP-500" });
  await provider.post(body, { key });
  const log = await provider.control(`/requests?external_id=${body.external_id}`, undefined, "GET");
  const entry = { method: "POST", path: "/v1/verifications", idempotency_key: key, body };
  expect(log).toMatchObject({
    items: [
      { ...entry, status: 500 },
      { ...entry, status: 202 },
    ],
  });
});

test("a reset forgets everything and stops what was to come", async () => {
  await pause();
  const { id } = await provider.submit("MOCK-APPROVE");
  await advance(200);
  await provider.control("/reset", {});
  expect((await provider.call("GET", `/v1/verifications/${id}`)).status).toBe(404);
  expect(await provider.control("/clock", undefined, "GET")).toMatchObject({
    paused: false,
    pending_timers: 0,
  });
  await advance(24 * 60 * minutes);
  expect(provider.receiver.received).toHaveLength(1);
  expect(await provider.control("/deliveries", undefined, "GET")).toEqual({ items: [] });
});

describe("the same seed and the same requests", () => {
  /** Everything a customer sees of two onboardings, without the times. */
  async function run(seed: string): Promise<unknown[]> {
    await provider.reset(seed);
    const seen: unknown[] = [];
    for (const attempt of [1, 2]) {
      const change = { external_id: "case-1", attempt };
      const before = provider.receiver.received.length;
      const { id } = await provider.submit("MOCK-RETRY-THEN-APPROVE.DUP=2.OLDATTEMPT", change);
      const received = await provider.receiver.count(before + (attempt === 1 ? 4 : 6));
      seen.push(
        id,
        ...received
          .slice(before)
          .map(({ event, headers }) => [
            event?.id,
            event?.sequence,
            event?.type,
            headers["x-mock-delivery-id"],
          ]),
      );
    }
    return seen;
  }

  test("give the same ids in the same order, another seed gives others", async () => {
    const first = await run("alpha");
    expect(await run("alpha")).toEqual(first);
    const other = await run("beta");
    expect(other).toHaveLength(first.length);
    expect(other[0]).not.toBe(first[0]);
  });
});
