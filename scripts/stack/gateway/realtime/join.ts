import { z } from "zod";
import { Refusal } from "./tokens.ts";

const joinPayload = z.object({
  access_token: z.string().nullish().default(null),
  config: z
    .object({
      private: z.boolean().catch(false).default(false),
      broadcast: z
        .object({
          ack: z.boolean().catch(false).default(false),
          self: z.boolean().catch(false).default(false),
          replay: z.unknown().optional(),
        })
        .default({ ack: false, self: false }),
      presence: z.object({ enabled: z.boolean().catch(false).default(false) }).optional(),
      postgres_changes: z.array(z.unknown()).nullish(),
    })
    .prefault({}),
});

/** What a client wants of a channel. */
export interface JoinWish {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly wantsAck: boolean;
  readonly wantsOwn: boolean;
  readonly token: string | null;
}

const CHANNEL_PREFIX = "realtime:";

const notHere = (feature: string, code: string) =>
  new Refusal(
    code,
    `The local stack has no ${feature}: it delivers broadcasts on private channels only`,
  );

/**
 * Reads a join and refuses what the local stack does not do, so that nobody waits for it.
 *
 * @throws Refusal
 */
export function readJoin(
  channel: string,
  payload: Readonly<Record<string, unknown>>,
  arePublicAllowed: boolean,
): JoinWish {
  const topic = channel.slice(CHANNEL_PREFIX.length);
  if (topic === "") throw new Refusal("TopicNameRequired", "You must provide a topic name");
  const parsed = joinPayload.safeParse(payload);
  if (!parsed.success) throw new Refusal("InvalidJoinPayload", z.prettifyError(parsed.error));
  const { access_token: token, config } = parsed.data;
  if (config.postgres_changes?.length) {
    throw notHere("postgres_changes", "RealtimeDisabledForConfiguration");
  }
  if (config.presence?.enabled) throw notHere("presence", "PresenceNotSupported");
  if (config.broadcast.replay !== undefined) throw notHere("replay", "UnableToReplayMessages");
  if (!config.private && !arePublicAllowed) {
    throw new Refusal("PrivateOnly", "This project only allows private channels");
  }
  const { ack, self } = config.broadcast;
  return { topic, isPrivate: config.private, wantsAck: ack, wantsOwn: self, token };
}

/** Whether there can be a channel of this name at all. */
export const isChannel = (channel: string) => channel.startsWith(CHANNEL_PREFIX);
