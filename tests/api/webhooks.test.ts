import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { call } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  secretKey,
} from "../helpers/api-accounts.ts";
import { functionEnv, type RunningFunction, startFunction } from "../helpers/api-function.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import {
  type ApiEndpoint,
  createEndpoint,
  emitTo,
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";
import { type Authority, createAuthority } from "../helpers/certificate.ts";
import { type Receiver, startReceiver, verified } from "../helpers/webhook-receiver.ts";

/** Receivers are real servers on this machine; workers of this file may call them and trust their authority. */
const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
const folder = mkdtempSync(join(tmpdir(), "nff-webhooks-"));
let authority: Authority;
let admin: Account;
let worker: RunningFunction;

const { privateKey } = generateKeyPairSync("ed25519");
const workerEnv = () =>
  functionEnv({
    WEBHOOKS_ALLOW_LOOPBACK: "on",
    DENO_CERT: join(folder, "authority.pem"),
    AUDIT_ANCHOR_KEY: JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: "test" }),
  });

beforeAll(async () => {
  authority = createAuthority();
  writeFileSync(join(folder, "authority.pem"), authority.cert);
  [admin, worker] = await Promise.all([
    createStaff(owner(), "admin"),
    startFunction("worker", workerEnv()),
  ]);
});
afterAll(async () => {
  await worker.stop();
  rmSync(folder, { recursive: true });
});

async function run({ url } = worker) {
  const response = await fetch(`${url}/run`, {
    method: "POST",
    headers: { ...secretKey(), "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(200);
  return response.json();
}

async function receiver(isSecure = false): Promise<Receiver> {
  const hostName = "localhost";
  const options = isSecure ? { certificate: authority.issue(hostName), hostName } : {};
  const started = await startReceiver(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** An endpoint at a receiver. The stack itself need not be one that takes such URLs. */
async function endpointAt({ url }: Receiver, changes: object = {}): Promise<ApiEndpoint> {
  const endpoint = await createEndpoint(admin, { ...changes });
  await owner()`update private.webhook_endpoints set url = ${url} where endpoint_id = ${endpoint.id}`;
  return endpoint;
}

const patch = (endpoint: ApiEndpoint, body: object) =>
  call("admin.updateWebhookEndpoint", {
    as: admin.credential,
    params: endpoint.params,
    headers: { "if-match": "*" },
    body,
  });
const logOf = async ({ id }: ApiEndpoint) => {
  const { body } = await call("admin.listWebhookDeliveries", {
    as: admin.credential,
    query: `?endpoint_id=${id}&limit=100`,
  });
  return body.items;
};
const dueNow = ({ id }: ApiEndpoint) => owner()`
  update private.webhook_deliveries set next_attempt_at = private.now()
  where endpoint_id = ${id} and status = 'pending'`;

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const idsOf = ({ received }: Receiver) => received.map(({ headers }) => headers["webhook-id"]);

describe("over TLS, under Deno", () => {
  test("a customer hears of a whole verification, signed, in numbers and without a name", async () => {
    const hooks = await receiver(true);
    const endpoint = await endpointAt(hooks, { enabled: false, event_types: ["kyc.*", "user.*"] });
    const person = await createAccount();
    const { verification_id: id } = await verificationIn(person, "approved");
    await patch(endpoint, { enabled: true });
    await until("all events", async () => {
      await run();
      return (await logOf(endpoint)).every(
        ({ status }: { status: string }) => status === "delivered",
      );
    });

    const messages = hooks.received.map((request) => verified(request, endpoint.secret));
    const about = (subject: string) =>
      messages
        .map(({ type, data }) => ({ type, ...Object(data) }))
        .filter((event) => (event.verification_id ?? event.user_id) === subject)
        .sort((left, right) => left.sequence - right.sequence);
    expect(about(id).map(({ sequence, type }) => [sequence, type])).toEqual([
      [1, "kyc.draft"],
      [2, "kyc.submitted"],
      [3, "kyc.processing"],
      [4, "kyc.approved"],
    ]);
    expect(about(id).at(-1)).toMatchObject({ user_id: person.id, status: "approved", attempt: 1 });
    expect(about(person.id)[0]).toMatchObject({ type: "user.created", sequence: 1 });
    const sent = hooks.received.map(({ body }) => body).join("");
    expect(sent).not.toMatch(/@|first_name|Ada|Lovelace/);
    expect(new Set(idsOf(hooks)).size).toBe(hooks.received.length);
  });

  test("[SSRF-02] a certificate for another name is refused, and nothing is sent", async () => {
    const hooks = await startReceiver({ certificate: authority.issue("other.example.com") });
    onTestFinished(() => hooks[Symbol.asyncDispose]());
    const endpoint = await endpointAt(hooks);
    await owner()`update private.webhook_endpoints set url = ${`https://localhost:${hooks.port}/`}`;
    await emitTo(owner, endpoint);
    expect((await run()).webhooks).toMatchObject({ claimed: 1, retried: 1 });
    expect(hooks.received).toEqual([]);
    expect(await logOf(endpoint)).toEqual([
      expect.objectContaining({
        status: "pending",
        last_http_status: null,
        last_error: "The certificate of the receiver is not valid.",
      }),
    ]);
  });

  test("during a rotation the old and the new secret verify, afterwards only the new one", async () => {
    const hooks = await receiver(true);
    const endpoint = await endpointAt(hooks);
    const rotate = (overlap_minutes: number) =>
      call("admin.rotateWebhookSecret", {
        as: admin.credential,
        params: endpoint.params,
        headers: newKey(),
        body: { overlap_minutes },
      });
    const { secret: second } = (await rotate(60)).body;
    await emitTo(owner, endpoint);
    await run();
    const { secret: third } = (await rotate(0)).body;
    await emitTo(owner, endpoint);
    await run();
    const [during, after] = hooks.received;
    if (!during || !after) throw new Error("Not both have arrived.");
    expect(verified(during, endpoint.secret)).toEqual(verified(during, second));
    expect(verified(after, third)).toMatchObject({ type: "webhook.endpoint_disabled" });
    for (const old of [endpoint.secret, second]) expect(() => verified(after, old)).toThrow();
  });
});

describe("a receiver that hangs", () => {
  test("[HOOK-02] delays no other and no run, and gets its event again when it is done hanging", async () => {
    const [slow, quick] = [await receiver(), await receiver()];
    slow.answer(() => {});
    const endpoints = [await endpointAt(slow), await endpointAt(quick)] as const;
    const subject = randomUUID();
    await emitTo(owner, endpoints[0], "webhook.endpoint_disabled", subject);
    const startedAt = Date.now();
    await run();
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(quick.received).toHaveLength(1);

    // The next events reach the others while the first is still under way.
    for (let count = 0; count < 10; count += 1) {
      await emitTo(owner, endpoints[1], "webhook.endpoint_disabled", subject);
    }
    await run();
    expect(quick.received).toHaveLength(11);
    expect(slow.received.length).toBeLessThanOrEqual(4);
    const log = await logOf(endpoints[0]);
    expect(log.every(({ status }: { status: string }) => status === "pending")).toBe(true);
  });

  test("[HOOK-02] its worker dies: another one sends the same event with the same id", async () => {
    const hooks = await receiver();
    hooks.answer(() => {});
    const endpoint = await endpointAt(hooks);
    await emitTo(owner, endpoint);
    const doomed = await startFunction("worker", workerEnv());
    const dying = run(doomed).catch(() => {});
    await until("the first attempt", () => hooks.received.length === 1);
    await doomed.stop();
    await dying;
    hooks.answer((response) => response.writeHead(200).end("ok"));
    await run();
    expect(hooks.received).toHaveLength(1);
    await dueNow(endpoint);
    await run();
    expect(idsOf(hooks)).toEqual([idsOf(hooks)[0], idsOf(hooks)[0]]);
    expect(await logOf(endpoint)).toEqual([
      expect.objectContaining({
        status: "delivered",
        attempts: 2,
        last_http_status: 200,
        attempt_log: [expect.objectContaining({ attempt: 2 })],
      }),
    ]);
  });
});

describe("a receiver that fails", () => {
  test("gets the same event again when it is due, and the log tells of it", async () => {
    const hooks = await receiver();
    const endpoint = await endpointAt(hooks);
    hooks.answer((response) => response.writeHead(503, { "retry-after": "3600" }).end("secret"));
    await emitTo(owner, endpoint);
    await run();
    const [entry] = await logOf(endpoint);
    expect(entry).toMatchObject({
      status: "pending",
      attempts: 1,
      last_http_status: 503,
      last_error: "The receiver answered 503.",
    });
    expect(JSON.stringify(entry)).not.toContain("secret");
    const wait = Date.parse(entry.next_attempt_at) - Date.parse(entry.last_attempt_at);
    expect(wait).toBeGreaterThanOrEqual(3_600_000);
    expect(wait).toBeLessThan(3_700_000);
    await run();
    expect(hooks.received).toHaveLength(1);

    hooks.answer((response) => response.writeHead(204).end());
    await dueNow(endpoint);
    await run();
    expect(new Set(idsOf(hooks)).size).toBe(1);
    const [first, second] = hooks.received;
    expect(second?.body).toBe(first?.body);
    expect(await logOf(endpoint)).toEqual([
      expect.objectContaining({
        status: "delivered",
        attempts: 2,
        last_error: null,
        attempt_log: [
          expect.objectContaining({
            attempt: 1,
            http_status: 503,
            error: "The receiver answered 503.",
          }),
          expect.objectContaining({ attempt: 2, http_status: 204, error: null }),
        ],
      }),
    ]);
  });

  test("by redirecting sends nobody anywhere", async () => {
    const [hooks, inside] = [await receiver(), await receiver()];
    hooks.answer((response) => response.writeHead(308, { location: inside.url }).end());
    const endpoint = await endpointAt(hooks);
    await emitTo(owner, endpoint);
    await run();
    expect([hooks.received.length, inside.received.length]).toEqual([1, 0]);
  });

  test("with 410 is disabled; the others hear of it; enabled again, it gets what has waited", async () => {
    const [leaving, staying] = [await receiver(), await receiver()];
    leaving.answer((response) => response.writeHead(410).end());
    const endpoint = await endpointAt(leaving, { event_types: ["user.updated"] });
    const other = await endpointAt(staying, { event_types: ["webhook.*"] });
    await emitTo(owner, endpoint, "user.updated");
    await run();
    await run();
    expect(staying.received.map((request) => verified(request, other.secret))).toEqual([
      expect.objectContaining({
        type: "webhook.endpoint_disabled",
        data: expect.objectContaining({ endpoint_id: endpoint.id, reason: "gone" }),
      }),
    ]);
    const { body } = await call("admin.listWebhookEndpoints", { as: admin.credential });
    expect(body.items).toContainEqual(
      expect.objectContaining({
        endpoint_id: endpoint.id,
        enabled: false,
        disabled_reason: "gone",
        failing_since: expect.any(String),
      }),
    );

    await emitTo(owner, endpoint, "user.updated");
    await run();
    expect(leaving.received).toHaveLength(1);
    leaving.answer((response) => response.writeHead(200).end());
    await patch(endpoint, { enabled: true });
    await until("both events", async () => {
      await run();
      return leaving.received.length >= 3;
    });
    expect(new Set(idsOf(leaving)).size).toBe(2);
  });
});

describe("several workers", () => {
  test("send each event once", async () => {
    const hooks = await receiver();
    const endpoint = await endpointAt(hooks);
    const other = await startFunction("worker", workerEnv());
    onTestFinished(() => other.stop());
    for (let count = 0; count < 30; count += 1) await emitTo(owner, endpoint);
    await Promise.all([run(), run(other), run(), run(other)]);
    await until("all", async () => {
      await run();
      return hooks.received.length >= 30;
    });
    expect(new Set(idsOf(hooks)).size).toBe(30);
    expect(hooks.received).toHaveLength(30);
  });
});

describe("[SSRF-01] a worker without the switch for development", () => {
  test("sends nothing to this machine, whatever the table says", async () => {
    const hooks = await receiver(true);
    const endpoint = await endpointAt(hooks);
    const { WEBHOOKS_ALLOW_LOOPBACK: _, ...env } = workerEnv();
    const strict = await startFunction("worker", env);
    onTestFinished(() => strict.stop());
    await emitTo(owner, endpoint);
    await run(strict);
    expect(hooks.received).toEqual([]);
    expect(await logOf(endpoint)).toEqual([
      expect.objectContaining({ last_error: "The host has an address that is not public." }),
    ]);
  });
});

test("a redelivery sends the event again, soon after it was asked for", async () => {
  const hooks = await receiver();
  const endpoint = await endpointAt(hooks);
  const delivery = await emitTo(owner, endpoint);
  await run();
  const { body } = await call("admin.redeliverWebhook", {
    as: admin.credential,
    params: { delivery_id: delivery },
    headers: newKey(),
  });
  await dueNow(endpoint);
  await until("the second request", async () => {
    await run();
    return hooks.received.length >= 2;
  });
  expect(idsOf(hooks)).toEqual([body.event_id, body.event_id]);
});
