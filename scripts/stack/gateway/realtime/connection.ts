import type { RawData, WebSocket } from "ws";
import type { ApiKeyRole } from "../api-keys.ts";
import { logProblem } from "../log.ts";
import { Channel, type RealtimeContext } from "./channel.ts";
import type { Codec, Frame } from "./frames.ts";
import { isChannel, readJoin } from "./join.ts";
import { Refusal } from "./tokens.ts";

/** Clients send a heartbeat every 25 s; who is silent for so long is gone. */
const SILENCE_LIMIT_MS = 60_000;

interface Joined {
  readonly joinRef: string | null;
  readonly channel: Channel;
}

const bufferOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);

/** One client: its socket and the channels that it has joined. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #codec: Codec;
  readonly #keyRole: ApiKeyRole;
  readonly #context: RealtimeContext;
  readonly #joined = new Map<string, Joined>();
  /** Frames are worked off one after the other: a leave must not overtake its join. */
  #work: Promise<void> = Promise.resolve();
  #silence: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, codec: Codec, keyRole: ApiKeyRole, context: RealtimeContext) {
    this.#socket = socket;
    this.#codec = codec;
    this.#keyRole = keyRole;
    this.#context = context;
    this.#hear();
    socket.on("message", (data, isBinary) => {
      this.#hear();
      const frame = codec.decode(bufferOf(data), isBinary);
      if (frame) this.#enqueue(() => this.#handle(frame));
    });
    socket.on("error", (error) => logProblem("realtime connection", error));
    socket.once("close", () => {
      clearTimeout(this.#silence);
      this.#enqueue(() => this.#forgetAll());
    });
  }

  #hear(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), SILENCE_LIMIT_MS);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      logProblem("realtime", error);
      this.#socket.close(1011);
    });
  }

  #send(frame: Frame): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(this.#codec.encode(frame));
  }

  #reply({ joinRef, ref, topic }: Frame, status: "ok" | "error", response: Frame["payload"]): void {
    this.#send({ joinRef, ref, topic, event: "phx_reply", payload: { status, response } });
  }

  async #handle(frame: Frame): Promise<void> {
    const { topic, event } = frame;
    if (topic === "phoenix" && event === "heartbeat") return this.#reply(frame, "ok", {});
    if (event === "phx_join" && isChannel(topic)) return this.#join(frame);
    const joined = this.#joined.get(topic);
    if (!joined) return this.#reply(frame, "error", { reason: "unmatched topic" });
    switch (event) {
      case "phx_leave":
        this.#reply(frame, "ok", {});
        return this.#end(topic);
      case "access_token":
        return joined.channel.renew(frame.payload.access_token);
      case "broadcast":
        return joined.channel.broadcast(frame);
      case "presence":
        return this.#reply(frame, "error", { reason: "The local stack has no presence" });
      default:
        // As the platform does: what it does not know, it does not answer.
        return undefined;
    }
  }

  async #join(frame: Frame): Promise<void> {
    const { topic, joinRef } = frame;
    await this.#end(topic);
    try {
      const wish = readJoin(topic, frame.payload, this.#context.arePublicAllowed);
      const channel = await Channel.open(this.#context, wish, {
        keyRole: this.#keyRole,
        // Replies belong to a join; what comes by itself does not.
        send: ({ ref = null, ...rest }) =>
          this.#send({ joinRef: ref === null ? null : joinRef, ref, topic, ...rest }),
        ended: (ending) => this.#enqueue(() => this.#end(topic, ending)),
      });
      this.#joined.set(topic, { joinRef, channel });
      this.#reply(frame, "ok", { postgres_changes: [] });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#reply(frame, "error", { reason: error.reason });
    }
  }

  /** Ends the channel of a topic, if it still is the one that is meant. */
  async #end(topic: string, meant?: Channel): Promise<void> {
    const joined = this.#joined.get(topic);
    if (!joined || (meant && joined.channel !== meant)) return;
    const { joinRef } = joined;
    this.#joined.delete(topic);
    await joined.channel.close();
    this.#send({ joinRef, ref: joinRef, topic, event: "phx_close", payload: {} });
  }

  async #forgetAll(): Promise<void> {
    const channels = [...this.#joined.values()].map(({ channel }) => channel);
    this.#joined.clear();
    await Promise.all(channels.map((channel) => channel.close()));
  }

  /** Resolves when the database knows that nobody listens here any more. */
  async hangUp(): Promise<void> {
    this.#socket.terminate();
    clearTimeout(this.#silence);
    await this.#work;
    await this.#forgetAll();
  }
}
