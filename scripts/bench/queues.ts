import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { checkoutRoot } from "../stack/paths.ts";
import { functionSecrets, loadProjectConfig } from "../stack/project-config.ts";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";
import type { Figure } from "./report.ts";
import { createSubmissions, releaseSubmissions } from "./submissions.ts";

const DRAIN = 1_000;
const TARGETS = 32;
const EVENTS = 6_000;
/** Every fourth delivery repeats an earlier event. */
const DUPLICATE_EVERY = 4;
const WIDTH = 16;

async function runWorker({ stack }: BenchContext): Promise<void> {
  const answer = await fetch(`${stack.apiUrl}/functions/v1/worker/run`, {
    method: "POST",
    headers: { apikey: stack.secretKey },
  });
  if (!answer.ok) throw new Error(`worker.run answers ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Messages that are not sent. */
async function unsent({ sql }: BenchContext): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from private.outbox
    where topic = 'provider.submit' and status = 'pending'`;
  return row?.count ?? 0;
}

interface Target {
  readonly verification_id: string;
  readonly provider_reference: string;
  readonly last_sequence: string;
}

/** Deliveries about verifications that the provider is working on: ever newer, some of them twice. */
function* deliveries(targets: readonly Target[]): Generator<string> {
  const sent: string[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    const earlier = sent[index - DUPLICATE_EVERY];
    if (index % DUPLICATE_EVERY === DUPLICATE_EVERY - 1 && earlier) {
      sent.push(earlier);
      yield earlier;
      continue;
    }
    const target = targets[index % targets.length];
    if (!target) return;
    const body = JSON.stringify({
      id: `evt_${randomUUID()}`,
      type: "verification.processing",
      api_version: "2025-01-01",
      sequence: Number(target.last_sequence) + 1 + index,
      attempt: 1,
      occurred_at: new Date().toISOString(),
      environment: "mock",
      data: {
        verification_id: target.provider_reference,
        external_id: target.verification_id,
        status: "processing",
        review_owner: null,
        reason_codes: [],
        rejected_documents: [],
        document: null,
        checks: [],
        risk_score: null,
      },
    });
    sent.push(body);
    yield body;
  }
}

interface SignedEvent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Standard Webhooks 1.0.0: the same as the provider sends. */
function signed(secret: string, body: string): SignedEvent {
  const { id }: { id: string } = JSON.parse(body);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
  };
}

async function webhookSecret(): Promise<string> {
  const root = checkoutRoot();
  const secrets = await functionSecrets(root, await loadProjectConfig(root));
  return secrets.KYC_MOCK_WEBHOOK_SECRETS?.split(",")[0] ?? "";
}

/** Sends an event. Not with fetch, whose own work would count for a fifth of what is measured. */
async function deliver(agent: Agent, url: string, { body, headers }: SignedEvent): Promise<void> {
  const sending = request(url, { method: "POST", agent, headers });
  sending.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sending.once("response", resolve).once("error", reject);
  });
  answer.resume();
  await once(answer, "end");
  if (answer.statusCode !== 200) throw new Error(`kyc-webhook answers ${answer.statusCode}`);
}

/** Events per second, through HTTP, signature and transaction. */
async function ingestion({ sql }: BenchContext, endpoint: string): Promise<number> {
  const targets = await sql<Target[]>`
    select verification_id, provider_reference, last_sequence from private.kyc_attempts
    where provider_reference is not null and outcome is null limit ${TARGETS}`;
  if (targets.length < TARGETS) throw new Error("Too few verifications are being processed.");
  const secret = await webhookSecret();
  const events = [...deliveries(targets)].map((body) => signed(secret, body));
  const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });
  const started = performance.now();
  await inParallel(WIDTH, events, (event) => deliver(agent, `${endpoint}/mock`, event));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return EVENTS / seconds;
}

/** Messages per second, from the moment they are due to the acknowledgement of the last. */
async function draining(context: BenchContext, tag: string): Promise<number> {
  await createSubmissions(context, DRAIN, tag);
  const started = performance.now();
  const due = await releaseSubmissions(context);
  if (due !== DRAIN) throw new Error(`${due} messages are due, not ${DRAIN}.`);
  // The stack's own timer may have a run under way that holds some of them.
  while ((await unsent(context)) > 0) await runWorker(context);
  return DRAIN / ((performance.now() - started) / 1000);
}

/** The two queues between us and the provider: messages sent, and events taken in. */
export async function queues(context: BenchContext): Promise<Figure[]> {
  const { stack } = context;
  return [
    {
      name: "outbox drained to a provider without delay",
      value: await draining(context, "kyc-lost"),
      unit: "/s",
      goal: { atLeast: 500 },
    },
    {
      name: "  while it calls back for each message",
      value: await draining(context, "kyc-stuck"),
      unit: "/s",
    },
    {
      name: "events taken in at the function, a quarter repeated",
      value: await ingestion(context, stack.functionUrl("kyc-webhook")),
      unit: "/s",
      goal: { atLeast: 1500 },
    },
    {
      name: "  through the gateway",
      value: await ingestion(context, `${stack.apiUrl}/functions/v1/kyc-webhook`),
      unit: "/s",
    },
  ];
}
