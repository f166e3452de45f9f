import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

const Event = z.object({
  id: z.string(),
  type: z.string(),
  sequence: z.number(),
  attempt: z.number(),
  occurred_at: z.string(),
  data: z.looseObject({
    verification_id: z.string(),
    external_id: z.string(),
    status: z.string(),
    outcome: z.string().nullable(),
    reason_codes: z.array(z.string()),
    risk_score: z.number().nullable(),
  }),
});
type Event = z.infer<typeof Event>;

/** A webhook as it came in. */
interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Null when the body is no event. */
  readonly event: Event | null;
  /** What the official library says: null, or why it refuses. */
  readonly refused: string | null;
  /** How many were being answered when this one came. */
  readonly besides: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The status of the next answers; changed by tests. */
  status: number;
  /** While set, answers wait for it. */
  gate: Promise<void> | null;
  /** Resolves when that many have come in; fails after 5 seconds. */
  count(n: number): Promise<readonly Received[]>;
  clear(): void;
  close(): Promise<void>;
}

function eventIn(body: string): Event | null {
  try {
    return Event.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

function refusal(secret: string, body: string, headers: Record<string, string>): string | null {
  try {
    new Webhook(secret).verify(body, headers);
    return null;
  } catch (error) {
    // Broken JSON fails only after the signature was found good.
    return error instanceof SyntaxError ? null : String(error);
  }
}

/** A customer's webhook endpoint that keeps what it gets. */
export async function startReceiver(secret: string): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let answering = 0;
  const server = createServer(async (incoming, outgoing) => {
    const besides = answering;
    answering += 1;
    let body = "";
    for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    );
    received.push({
      headers,
      body,
      event: eventIn(body),
      refused: refusal(secret, body, headers),
      besides,
    });
    for (const check of waiting) check();
    await receiver.gate;
    answering -= 1;
    outgoing.writeHead(receiver.status, { "content-type": "application/json" });
    outgoing.end('{"received":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = z.object({ port: z.number() }).parse(server.address());

  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}/hooks`,
    received,
    status: 200,
    gate: null,
    count: (n) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (received.length < n) return;
          clearTimeout(deadline);
          waiting.delete(check);
          resolve(received);
        };
        const deadline = setTimeout(
          () => reject(new Error(`${received.length} of ${n} webhooks came`)),
          5000,
        );
        waiting.add(check);
        check();
      }),
    clear: () => {
      received.length = 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
