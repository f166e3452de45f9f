import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import { logProblem } from "../log.ts";

/** What the trigger of `realtime.messages` notifies; see database/realtime-schema.sql. */
const NOTIFICATION = "local_realtime";

export interface Broadcast {
  readonly event: string;
  readonly payload: unknown;
  readonly meta?: Readonly<Record<string, unknown>>;
}

type Receiver = (message: Broadcast) => void;

/** A topic with its kind: a private channel hears nothing of a public one with the same name. */
interface Address {
  readonly topic: string;
  readonly isPrivate: boolean;
}

/** Brings messages to whoever listens to their topic. */
export interface Hub {
  /** Resolves when no later message can be missed. */
  add(address: Address, receiver: Receiver): Promise<void>;
  remove(address: Address, receiver: Receiver): Promise<void>;
  /** Hands a message to everybody at the address but its sender. */
  publish(address: Address, message: Broadcast, sender?: Receiver): void;
  close(): Promise<void>;
}

const keyOf = ({ topic, isPrivate }: Address) => `${isPrivate ? "private" : "public"}:${topic}`;

interface MessageRow extends Broadcast {
  readonly topic: string;
  readonly private: boolean;
}

/** Follows the messages that the database stores, and tells it which topics matter. */
export async function createHub(sql: Sql): Promise<Hub> {
  const gatewayId = randomUUID();
  const receivers = new Map<string, Set<Receiver>>();

  const publish: Hub["publish"] = (address, message, sender) => {
    for (const receiver of receivers.get(keyOf(address)) ?? []) {
      if (receiver !== sender) receiver(message);
    }
  };

  async function deliver(id: string): Promise<void> {
    const [row] = await sql<MessageRow[]>`
      select topic, private, event, payload from realtime.messages where id = ${id}`;
    if (!row) return;
    const address = { topic: row.topic, isPrivate: row.private };
    publish(address, { event: row.event, payload: row.payload, meta: { id } });
  }

  // One after the other: a person must not see `approved` before `processing`.
  let delivered: Promise<void> = Promise.resolve();
  const onMessage = (id: string) => {
    delivered = delivered
      .then(() => deliver(id))
      .catch((error: unknown) => logProblem("realtime", error));
  };
  const note = (topic: string) => sql`
    insert into realtime.local_topics (topic, gateway_id) values (${topic}, ${gatewayId})
    on conflict do nothing`;
  /** After a lost connection: the database may have restarted, and then it has forgotten the topics. */
  const onListen = () => {
    const topics = [...receivers.keys()].map((key) => key.slice(key.indexOf(":") + 1));
    Promise.all(topics.map(note)).catch((error: unknown) => logProblem("realtime", error));
  };
  const listening = await sql.listen(NOTIFICATION, onMessage, onListen);

  return {
    async add(address, receiver) {
      const present = receivers.get(keyOf(address)) ?? new Set();
      receivers.set(keyOf(address), present.add(receiver));
      await note(address.topic);
    },
    async remove(address, receiver) {
      const present = receivers.get(keyOf(address));
      present?.delete(receiver);
      if (present?.size === 0) receivers.delete(keyOf(address));
      const other = keyOf({ ...address, isPrivate: !address.isPrivate });
      if (receivers.has(keyOf(address)) || receivers.has(other)) return;
      await sql`
        delete from realtime.local_topics
        where topic = ${address.topic} and gateway_id = ${gatewayId}`;
      // Somebody may have come while the row went.
      if (!receivers.has(keyOf(address)) && !receivers.has(other)) return;
      await note(address.topic);
    },
    publish,
    async close() {
      await listening.unlisten();
      await delivered;
      await sql`delete from realtime.local_topics where gateway_id = ${gatewayId}`;
    },
  };
}
