import type { Sql } from "postgres";
import { z } from "zod";
import type { ApiKeyRole } from "../api-keys.ts";
import type { VerifyToken } from "../tokens/verify.ts";
import type { Frame } from "./frames.ts";
import type { Broadcast, Hub } from "./hub.ts";
import type { JoinWish } from "./join.ts";
import { mayReceive, maySend } from "./policies.ts";
import { expiryOf, type Identity, identityOf, isApiKey, Refusal } from "./tokens.ts";

/** What all channels share. */
export interface RealtimeContext {
  readonly sql: Sql;
  readonly hub: Hub;
  readonly verify: VerifyToken;
  readonly arePublicAllowed: boolean;
}

/** What a channel needs of the connection that it was joined on. */
export interface Line {
  readonly keyRole: ApiKeyRole;
  send(frame: Omit<Frame, "joinRef" | "topic" | "ref"> & { ref?: string | null }): void;
  /** The channel ends by itself. */
  ended(channel: Channel): void;
}

/** Timers take no longer delay; after it the rest is waited for. */
const MAX_DELAY_MS = 60 * 60 * 1000;

const outgoing = z.object({ event: z.string(), payload: z.unknown() });

/** A joined channel: from the answer to the join until somebody leaves or the token ends. */
export class Channel {
  readonly #context: RealtimeContext;
  readonly #wish: JoinWish;
  readonly #line: Line;
  #identity: Identity;
  #expiry: NodeJS.Timeout | undefined;

  private constructor(context: RealtimeContext, wish: JoinWish, line: Line, identity: Identity) {
    this.#context = context;
    this.#wish = wish;
    this.#line = line;
    this.#identity = identity;
  }

  /** @throws Refusal when the token or the policies do not let the caller in */
  static async open(context: RealtimeContext, wish: JoinWish, line: Line): Promise<Channel> {
    const identity = await identityOf(wish.token, line.keyRole, context.verify);
    const channel = new Channel(context, wish, line, identity);
    await channel.#authorize(identity);
    await context.hub.add(wish, channel.#receive);
    channel.#watchExpiry();
    return channel;
  }

  readonly #receive = ({ event, payload, meta }: Broadcast) => {
    const body = { type: "broadcast", event, payload, ...(meta && { meta }) };
    this.#line.send({ event: "broadcast", payload: body });
  };

  async #authorize({ claims }: Identity): Promise<void> {
    const { topic, isPrivate } = this.#wish;
    if (!isPrivate || (await mayReceive(this.#context.sql, topic, claims))) return;
    throw new Refusal(
      "Unauthorized",
      `You do not have permissions to read from this Channel topic: ${topic}`,
    );
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const { expiresAt } = this.#identity;
    if (expiresAt === null) return;
    const leftMs = expiresAt * 1000 - Date.now();
    this.#expiry = setTimeout(
      () =>
        leftMs <= MAX_DELAY_MS ? this.#shutDown(expiryOf(this.#identity)) : this.#watchExpiry(),
      Math.max(0, Math.min(leftMs, MAX_DELAY_MS)),
    );
  }

  /** Says why, then ends the channel from this side. */
  #shutDown({ message }: Refusal): void {
    const { topic: channel } = this.#wish;
    this.#line.send({
      event: "system",
      payload: { extension: "system", status: "error", message, channel },
    });
    this.#line.ended(this);
  }

  /** A newer token of the person; the policies are asked again. */
  async renew(token: unknown): Promise<void> {
    if (typeof token !== "string" || isApiKey(token) || token === this.#identity.token) return;
    try {
      const identity = await identityOf(token, this.#line.keyRole, this.#context.verify);
      await this.#authorize(identity);
      this.#identity = identity;
      this.#watchExpiry();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#shutDown(error);
    }
  }

  /** Passes on what the client sends, if the policies let it. Without that right nothing happens. */
  async broadcast(frame: Frame): Promise<void> {
    const message = outgoing.safeParse(frame.payload);
    if (!message.success) return;
    const { topic, isPrivate, wantsAck, wantsOwn } = this.#wish;
    const { sql, hub } = this.#context;
    if (isPrivate && !(await maySend(sql, topic, this.#identity.claims))) return;
    hub.publish(this.#wish, message.data, wantsOwn ? undefined : this.#receive);
    if (!wantsAck) return;
    this.#line.send({
      ref: frame.ref,
      event: "phx_reply",
      payload: { status: "ok", response: {} },
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#expiry);
    await this.#context.hub.remove(this.#wish, this.#receive);
  }
}
