import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CATALOGUE } from "../../mock-kyc/scenarios/catalogue.ts";
import { FAULTS } from "../../mock-kyc/scenarios/faults.ts";
import { OUTCOMES } from "../../mock-kyc/scenarios/outcomes.ts";
import { API_KEY, application, Provider } from "./lib/provider.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await Provider.start();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

/** How long to wait for an answer that should come, and for one that should not. */
const PATIENCE_MS = 5000;
const SILENCE_MS = 300;

/** The statuses of a `POST` and its repetitions under one key; null where no answer came. */
async function tries(
  value: string,
  expected: readonly (number | null)[],
): Promise<(number | null)[]> {
  const body = JSON.stringify(application({ external_id: value }));
  const key = randomUUID();
  const statuses: (number | null)[] = [];
  for (const answer of expected) {
    const response = await fetch(`${provider.url}/v1/verifications`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${API_KEY}`,
        "content-type": "application/json",
        "idempotency-key": key,
        "x-mock-scenario": value,
      },
      body,
      signal: AbortSignal.timeout(answer === null ? SILENCE_MS : PATIENCE_MS),
    }).catch(() => null);
    await response?.text();
    statuses.push(response?.status ?? null);
  }
  return statuses;
}

test.each(CATALOGUE.map((row) => [row.value, row] as const))(
  "%s answers the POST as its row says",
  async (value, { http }) => {
    const again = http.always ? [http.statuses.at(-1) ?? null] : [];
    const expected = [...http.statuses, ...again];
    expect(await tries(value, expected)).toEqual(expected);
    expect(await provider.list(value)).toHaveLength(http.creates ? 1 : 0);
  },
);

const told = OUTCOMES.filter(
  ({ delivered, attempts, answer }) =>
    delivered && attempts.flat().length > 0 && !answer.statuses.includes(null),
);

test.each(told.map((row) => [row.name, row] as const))(
  "MOCK-%s sends the events of its row, attempt by attempt",
  async (name, { attempts, answer }) => {
    const externalId = randomUUID();
    const row = CATALOGUE.find(({ value }) => value === `MOCK-${name}`);
    let sequence = 0;
    for (let attempt = 1; attempt <= attempts.length + 1; attempt += 1) {
      const events = row?.events[Math.min(attempt, attempts.length) - 1] ?? [];
      provider.receiver.clear();
      const body = application({ external_id: externalId, attempt });
      const key = randomUUID();
      for (const status of answer.statuses) {
        const reply = await provider.post(body, { key, scenario: `MOCK-${name}` });
        expect(reply.status).toBe(status);
      }
      const received = await provider.receiver.count(events.length);
      expect(received.map(({ event }) => event?.type)).toEqual(events.map(({ type }) => type));
      expect(received.map(({ event }) => event?.data.reason_codes)).toEqual(
        events.map(({ reason_codes }) => reason_codes),
      );
      for (const { event, body: sent, refused } of received) {
        sequence += 1;
        expect(refused).toBeNull();
        expect(provider.contract.eventFaults(sent)).toEqual([]);
        expect(event).toMatchObject({ sequence, attempt, data: { external_id: externalId } });
      }
    }
  },
);

test("a time-out may have created the verification: asking finds it, repeating makes no other", async () => {
  const externalId = "MOCK-TIMEOUT-CREATED";
  expect(await tries(externalId, [null])).toEqual([null]);
  await provider.receiver.count(2);
  const [found, ...others] = await provider.list(externalId);
  expect(found).toMatchObject({ status: "approved", sequence: 2 });
  expect(others).toEqual([]);
});

test("300 verifications at once lose no event", async () => {
  const all = await Promise.all(Array.from({ length: 300 }, () => provider.submit("MOCK-APPROVE")));
  const received = await provider.receiver.count(600);
  for (const { id } of all) {
    const own = received.filter(({ event }) => event?.data.verification_id === id);
    expect(own.map(({ event }) => event?.sequence)).toEqual([1, 2]);
  }
});

test("events hold nothing about the person", async () => {
  await provider.submit("MOCK-REVIEW-THEN-APPROVE");
  const received = await provider.receiver.count(3);
  for (const { body } of received) {
    expect(body).not.toMatch(/Anna|Example|1990|anna@|Bahnhof|8001|passport\.jpg/);
  }
});

test("a lost webhook is not sent, but the verification can be read", async () => {
  const { id } = await provider.submit("MOCK-LOST-WEBHOOK");
  expect(await provider.read(id)).toMatchObject({ status: "approved", sequence: 2 });
  expect(await provider.deliveries(id)).toEqual([]);
});

test("the synchronous answer holds the verdict", async () => {
  const reply = await provider.post(application(), { scenario: "MOCK-SYNC-APPROVE" });
  expect(reply.status).toBe(201);
  expect(reply.json).toMatchObject({ status: "approved", sequence: 1 });
});

test("a document that expires soon expires in 30 days", async () => {
  const { id } = await provider.submit("MOCK-DOC-EXPIRES-SOON");
  await provider.receiver.count(2);
  const expected = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  expect((await provider.read(id)).findings).toMatchObject({
    document: { expiry_date: expected, country: "CH" },
  });
});

test("a document says the nationality of the state that issued it, unless the scenario or a decision has another", async () => {
  const documentOf = async (id: string) => (await provider.read(id)).findings.document;
  const ordinary = await provider.submit("MOCK-APPROVE");
  await provider.receiver.count(2);
  expect(await documentOf(ordinary.id)).toMatchObject({ country: "CH", nationality: "CH" });
  const scenario = await provider.submit("MOCK-COUNTRY-HIGH-RISK");
  await provider.receiver.count(4);
  expect(await documentOf(scenario.id)).toMatchObject({ country: "CH", nationality: "KP" });
  await provider.control(`/verifications/${scenario.id}/decide`, {
    outcome: "approved",
    nationality: "HT",
  });
  expect(await documentOf(scenario.id)).toMatchObject({ nationality: "HT" });

  const [passport] = application().documents;
  const licence = application({ documents: [{ ...passport, type: "driving_licence" }] });
  const reply = await provider.post(licence, { scenario: "MOCK-SYNC-APPROVE" });
  expect(reply.json).toMatchObject({ findings: { document: { nationality: null } } });
});

test("a resubmission names the document of the person, not the selfie", async () => {
  const [passport] = application().documents;
  const selfie = { ...passport, type: "selfie", file_name: "me.jpg" };
  const licence = { ...passport, type: "driving_licence" };
  await provider.submit("MOCK-REJECT-RETRY", { documents: [selfie, licence] });
  const [, verdict] = await provider.receiver.count(2);
  expect(verdict?.event?.data).toMatchObject({
    rejected_documents: [
      { type: "driving_licence", side: "front", reason_code: "image_unreadable" },
    ],
    checks: [
      { name: "document", result: "consider" },
      { name: "selfie", result: "clear" },
      { name: "watchlist", result: "clear" },
    ],
  });
});

test("the catalogue shows every outcome and every fault", async () => {
  const reply = await provider.call("GET", "/v1/sandbox/scenarios", {
    headers: { authorization: undefined },
  });
  expect(reply.json).toMatchObject({ items: CATALOGUE });
  const values = CATALOGUE.map(({ value }) => value);
  expect(new Set(values).size).toBe(values.length);
  for (const { name } of OUTCOMES) expect(values).toContain(`MOCK-${name}`);
  for (const name of FAULTS.keys()) {
    expect(values.filter((value) => value.endsWith(`.${name}`))).not.toEqual([]);
  }
});
