import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { application, PREVIOUS_SECRET, Provider, SECRET } from "./lib/provider.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await Provider.start();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const types = (received: readonly { event: { type: string } | null }[]) =>
  received.map(({ event }) => event?.type.replace("verification.", ""));
const sequences = (received: readonly { event: { sequence: number } | null }[]) =>
  received.map(({ event }) => event?.sequence);

test("DUP sends each event n times with one id, some at the same moment", async () => {
  const open = Promise.withResolvers<void>();
  provider.receiver.gate = open.promise;
  const { id } = await provider.submit("MOCK-APPROVE.DUP=3");
  const first = await provider.receiver.count(2);
  expect(first.map(({ besides }) => besides)).toEqual([0, 1]);
  provider.receiver.gate = null;
  open.resolve();
  const received = await provider.receiver.count(6);
  expect(sequences(received)).toEqual([1, 1, 1, 2, 2, 2]);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
  expect(new Set(received.map(({ headers }) => headers["x-mock-delivery-id"])).size).toBe(6);
  expect(new Set(received.map(({ body }) => body)).size).toBe(2);
  expect((await provider.read(id)).status).toBe("approved");
});

test("OOO sends the verdict first and the rest with lower sequences", async () => {
  const { id } = await provider.submit("MOCK-REVIEW-THEN-APPROVE.OOO");
  const received = await provider.receiver.count(3);
  expect(types(received)).toEqual(["approved", "processing", "review_started"]);
  expect(sequences(received)).toEqual([3, 1, 2]);
  expect(await provider.read(id)).toMatchObject({ status: "approved", sequence: 3 });
});

test("EARLY sends the events before it answers the POST", async () => {
  const open = Promise.withResolvers<void>();
  provider.receiver.gate = open.promise;
  let answered = false;
  const answer = provider.submit("MOCK-APPROVE.EARLY").then((verification) => {
    answered = true;
    return verification;
  });
  await provider.receiver.count(1);
  expect(answered).toBe(false);
  open.resolve();
  await provider.receiver.count(2);
  expect((await answer).status).toBe("processing");
});

test("BADSIG sends each event with a wrong key first, correctly after", async () => {
  await provider.submit("MOCK-APPROVE.BADSIG");
  const received = await provider.receiver.count(4);
  expect(sequences(received)).toEqual([1, 2, 1, 2]);
  expect(received.map(({ refused }) => refused !== null)).toEqual([true, true, false, false]);
});

test.each([
  ["NOSIG", "Missing required headers"],
  ["STALETS", "Message timestamp too old"],
  ["FUTURETS", "Message timestamp too new"],
])("%s is refused by the official library and not tried again", async (fault, message) => {
  provider.receiver.status = 401;
  const { id } = await provider.submit(`MOCK-APPROVE.${fault}`);
  const received = await provider.receiver.count(2);
  for (const { refused } of received) expect(refused).toContain(message);
  await provider.control("/clock/advance", { ms: 86_400_000 });
  expect(await provider.deliveries(id)).toHaveLength(2);
  expect((await provider.read(id)).status).toBe("approved");
});

test("TAMPER sends another body under the same id, validly signed", async () => {
  await provider.submit("MOCK-APPROVE.TAMPER");
  const received = await provider.receiver.count(4);
  expect(received.map(({ refused }) => refused)).toEqual([null, null, null, null]);
  expect(received.map(({ event }) => event?.data.status)).toEqual([
    "processing",
    "approved",
    "approved",
    "rejected",
  ]);
  const ids = received.map(({ headers }) => headers["webhook-id"]);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).toBe(ids[3]);
});

test("events are signed with both secrets, and with OLDKEY by the previous one alone", async () => {
  await provider.submit("MOCK-APPROVE");
  const [ordinary] = await provider.receiver.count(2);
  for (const secret of [SECRET, PREVIOUS_SECRET]) {
    new Webhook(secret).verify(ordinary?.body ?? "", ordinary?.headers ?? {});
  }
  provider.receiver.clear();
  await provider.submit("MOCK-APPROVE.OLDKEY");
  const [old] = await provider.receiver.count(2);
  expect(old?.refused).toContain("No matching signature found");
  new Webhook(PREVIOUS_SECRET).verify(old?.body ?? "", old?.headers ?? {});
});

test("UNKNOWN also sends an event about a verification that does not exist", async () => {
  const { id, external_id } = await provider.submit("MOCK-APPROVE.UNKNOWN");
  const received = await provider.receiver.count(3);
  const [stranger] = received;
  expect(stranger?.refused).toBeNull();
  expect(provider.contract.eventFaults(stranger?.body ?? "")).toEqual([]);
  expect(stranger?.event?.data.verification_id).not.toBe(id);
  expect(stranger?.event?.data.external_id).not.toBe(external_id);
  expect(sequences(received.slice(1))).toEqual([1, 2]);
});

test("MALFORMED also sends broken JSON with a good signature", async () => {
  await provider.submit("MOCK-APPROVE.MALFORMED");
  const [broken, ...rest] = await provider.receiver.count(3);
  expect(broken?.refused).toBeNull();
  expect(broken?.event).toBeNull();
  expect(() => JSON.parse(broken?.body ?? "")).toThrow(SyntaxError);
  expect(types(rest)).toEqual(["processing", "approved"]);
});

test("BIG also sends a megabyte with a good signature", async () => {
  await provider.submit("MOCK-APPROVE.BIG");
  const [big, ...rest] = await provider.receiver.count(3);
  expect(big?.refused).toBeNull();
  expect(big?.body.length).toBeGreaterThan(1_048_576);
  expect(types(rest)).toEqual(["processing", "approved"]);
});

test("NEWTYPE also sends an unknown type as an event of its own", async () => {
  const { id } = await provider.submit("MOCK-APPROVE.NEWTYPE");
  const received = await provider.receiver.count(3);
  expect(types(received)).toEqual(["note_added", "processing", "approved"]);
  expect(sequences(received)).toEqual([1, 2, 3]);
  expect((await provider.read(id)).status).toBe("approved");
});

test("GAP leaves out a sequence number before the verdict", async () => {
  const { id } = await provider.submit("MOCK-APPROVE.GAP");
  expect(sequences(await provider.receiver.count(2))).toEqual([1, 3]);
  expect((await provider.read(id)).sequence).toBe(3);
});

test("OLDATTEMPT also approves the attempt before, from the second attempt on", async () => {
  const external_id = randomUUID();
  const scenario = "MOCK-RETRY-THEN-APPROVE.OLDATTEMPT";
  const first = await provider.submit(scenario, { external_id });
  expect(types(await provider.receiver.count(2))).toEqual(["processing", "resubmission_requested"]);
  const second = await provider.submit(scenario, { external_id, attempt: 2 });
  const received = await provider.receiver.count(5);
  expect(types(received).slice(2)).toEqual(["approved", "processing", "approved"]);
  expect(received[2]?.event).toMatchObject({
    attempt: 1,
    sequence: 3,
    data: { verification_id: first.id },
  });
  expect(received[4]?.event).toMatchObject({
    attempt: 2,
    sequence: 5,
    data: { verification_id: second.id },
  });
  expect((await provider.read(first.id)).status).toBe("resubmission_requested");
});

test("SLOW delays every event", async () => {
  await provider.control("/clock", { time_scale: 1, paused: true }, "PUT");
  const { id } = await provider.submit("MOCK-APPROVE.SLOW=60000");
  await provider.control("/clock/advance", { ms: 60_199 });
  expect(await provider.deliveries(id)).toEqual([]);
  await provider.control("/clock/advance", { ms: 1 });
  expect(await provider.deliveries(id)).toHaveLength(1);
});

test("faults add up: three copies of each event, the verdict first", async () => {
  await provider.submit("MOCK-APPROVE.DUP=3.OOO");
  expect(sequences(await provider.receiver.count(6))).toEqual([2, 2, 2, 1, 1, 1]);
});

test("a scenario that needs a second secret is refused where there is one only", async () => {
  const single = await Provider.start({ webhookSecrets: [SECRET] });
  try {
    const reply = await single.post(application(), { scenario: "MOCK-APPROVE.OLDKEY" });
    expect(reply.status).toBe(422);
    expect(single.receiver.received).toEqual([]);
  } finally {
    await single.close();
  }
});
