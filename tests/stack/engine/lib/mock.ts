import { z } from "zod";
import { stackEnv } from "../../../helpers/stack-env.ts";

const Scenario = z.object({
  value: z.string(),
  needs_attempts: z.number(),
  expected: z.object({
    status: z.string(),
    after: z.enum(["events", "reconcile", "watchdog", "retries", "refusal"]),
    attempt: z.number(),
    reason_code: z.string().nullable(),
    risk_level: z.string().nullable(),
  }),
});
/** A row of the mock's catalogue, as far as it concerns a customer. */
export type Scenario = z.output<typeof Scenario>;

const Request = z.object({
  method: z.string(),
  path: z.string(),
  external_id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  status: z.number().nullable(),
  body: z.looseObject({ attempt: z.number().optional() }).nullable(),
});
/** A request that the mock has seen. */
export type MockRequest = z.output<typeof Request>;

const Record = z.object({
  id: z.string(),
  external_id: z.string(),
  attempt: z.number(),
  findings: z.looseObject({ outcome: z.string().nullable() }),
});
/** What the mock knows of a submission. */
export type MockRecord = z.output<typeof Record>;

const Delivery = z.object({
  event_id: z.string(),
  type: z.string(),
  sequence: z.number(),
  status: z.number().nullable(),
});

async function ask<T extends z.ZodType>(
  shape: T,
  path: string,
  init: RequestInit = {},
): Promise<z.output<T>> {
  const { mockKycUrl, mockKycAdminKey } = stackEnv();
  const response = await fetch(`${mockKycUrl}${path}`, {
    ...init,
    headers: {
      "x-mock-admin": mockKycAdminKey,
      authorization: "Bearer local-mock-kyc-api-key",
      "content-type": "application/json",
    },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return shape.parse(await response.json());
}

const post = (path: string, body: unknown) =>
  ask(z.unknown(), path, { method: "POST", body: JSON.stringify(body) });

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** The whole catalogue. */
export const scenarios = async (): Promise<Scenario[]> =>
  (await ask(listOf(Scenario), "/v1/sandbox/scenarios")).items;

/** Moves the mock's clock; resolves when what fell due has been delivered. */
export const advance = (ms: number) => post("/__mock/clock/advance", { ms });

/** What delays are multiplied with from now on. */
export const setTimeScale = (scale: number) =>
  ask(z.unknown(), "/__mock/clock", {
    method: "PUT",
    body: JSON.stringify({ time_scale: scale }),
  });

/** Takes the provider down, or up again with null. */
export const setOutage = (outage: "500" | "503" | "hang" | "reset" | null) =>
  post("/__mock/faults", { outage });

/** Everything that was asked about a verification of ours, or about all. */
export const requests = async (externalId?: string): Promise<MockRequest[]> =>
  (await ask(listOf(Request), `/__mock/requests${externalId ? `?external_id=${externalId}` : ""}`))
    .items;

/** What the mock has made of an attempt; more than one were a person sent twice. */
export const records = async (externalId: string, attempt: number): Promise<MockRecord[]> =>
  (
    await ask(
      listOf(Record),
      `/v1/verifications?${new URLSearchParams({ external_id: externalId, attempt: String(attempt) })}`,
    )
  ).items;

/** What was delivered about a submission. */
export const deliveries = async (reference: string) =>
  (await ask(listOf(Delivery), `/__mock/deliveries?verification_id=${reference}`)).items;

/** Sends an event again, as it is. */
export const redeliver = (eventId: string) => post(`/__mock/events/${eventId}/redeliver`, {});
