import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { z } from "zod";
import type { Configuration } from "../../../mock-kyc/env.ts";
import { startMockKyc } from "../../../mock-kyc/start.ts";
import { type Contract, loadContract } from "./contract.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const PREVIOUS_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
export const API_KEY = "mock_kyc_test_api_key";
export const ADMIN_KEY = "mock_kyc_test_admin_key";

const Verification = z.object({
  id: z.string(),
  external_id: z.string(),
  attempt: z.number(),
  status: z.string(),
  sequence: z.number(),
  updated_at: z.string(),
  redacted_at: z.string().nullable(),
  findings: z.looseObject({ outcome: z.string().nullable(), reason_codes: z.array(z.string()) }),
});
export type Verification = z.infer<typeof Verification>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string | undefined>;
}

/** A body for `POST /v1/verifications`; its person is made up. */
export function application(change: Record<string, unknown> = {}) {
  return {
    external_id: randomUUID(),
    attempt: 1,
    applicant: {
      first_name: "Anna",
      last_name: "Example",
      date_of_birth: "1990-04-12",
      email: "anna@example.com",
      address: {
        street_address_1: "Bahnhofstrasse 1",
        city: "Zürich",
        postal_code: "8001",
        country: "CH",
      },
    },
    documents: [
      {
        type: "passport",
        side: "front",
        sha256: "a".repeat(64),
        file_name: "passport.jpg",
        content_type: "image/jpeg",
        url: "https://storage.example.com/1",
        issuing_country: "CH",
      },
    ],
    ...change,
  };
}

/** A running provider with a customer beside it; every answer is held against the contract. */
export class Provider {
  readonly contract: Contract;
  readonly receiver: Receiver;
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(
    contract: Contract,
    receiver: Receiver,
    url: string,
    close: () => Promise<void>,
  ) {
    this.contract = contract;
    this.receiver = receiver;
    this.url = url;
    this.#close = close;
  }

  static async start(change: Partial<Configuration> = {}): Promise<Provider> {
    const contract = await loadContract();
    const receiver = await startReceiver(SECRET);
    const server = await startMockKyc({
      host: "127.0.0.1",
      port: 0,
      apiKey: API_KEY,
      adminKey: ADMIN_KEY,
      webhookSecrets: [SECRET, PREVIOUS_SECRET],
      callbackUrl: receiver.url,
      seed: "1",
      timeScale: 0,
      ...change,
    });
    return new Provider(contract, receiver, server.url, async () => {
      await server.close();
      await receiver.close();
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  async call(method: string, path: string, { body, headers = {} }: Call = {}): Promise<Reply> {
    const sent = new Headers({ authorization: `Bearer ${API_KEY}`, "x-mock-admin": ADMIN_KEY });
    if (body !== undefined) sent.set("content-type", "application/json");
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) sent.delete(name);
      else sent.set(name, value);
    }
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: sent,
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(this.contract.faults(method, path, response, text), text).toEqual([]);
    return { status: response.status, headers: response.headers, json: JSON.parse(text) };
  }

  /** Asks for a verification, under a key of its own unless one is given. */
  post(
    body: unknown,
    options: { key?: string; scenario?: string; headers?: Call["headers"] } = {},
  ): Promise<Reply> {
    return this.call("POST", "/v1/verifications", {
      body,
      headers: {
        "idempotency-key": options.key ?? randomUUID(),
        "x-mock-scenario": options.scenario,
        ...options.headers,
      },
    });
  }

  async submit(scenario: string, change: Record<string, unknown> = {}): Promise<Verification> {
    const reply = await this.post(application(change), { scenario });
    expect(reply.status).toBeOneOf([201, 202]);
    return Verification.parse(reply.json);
  }

  async read(id: string): Promise<Verification> {
    return Verification.parse((await this.call("GET", `/v1/verifications/${id}`)).json);
  }

  async list(externalId: string): Promise<Verification[]> {
    const reply = await this.call("GET", `/v1/verifications?external_id=${externalId}`);
    return z.object({ items: z.array(Verification) }).parse(reply.json).items;
  }

  async control(path: string, body?: unknown, method = "POST"): Promise<unknown> {
    const reply = await this.call(method, `/__mock${path}`, { body });
    expect(reply.status).toBe(200);
    return reply.json;
  }

  async deliveries(id: string) {
    const log = await this.control(`/deliveries?verification_id=${id}`, undefined, "GET");
    return z
      .object({
        items: z.array(
          z.object({
            id: z.string(),
            event_id: z.string(),
            type: z.string(),
            sequence: z.number(),
            try: z.number(),
            sent_at: z.string(),
            status: z.number().nullable(),
            answer: z.string().nullable(),
            error: z.string().nullable(),
          }),
        ),
      })
      .parse(log).items;
  }

  async reset(seed?: string): Promise<void> {
    await this.control("/reset", seed === undefined ? {} : { seed });
    await this.control("/clock", { time_scale: 0, paused: false }, "PUT");
    this.receiver.status = 200;
    this.receiver.gate = null;
    this.receiver.clear();
  }
}
