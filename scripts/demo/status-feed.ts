import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";

const JOIN_TIMEOUT_MS = 5_000;

const Message = z.object({ verification_id: z.uuid(), status: z.string() });

/** What a person's devices are told of the KYC status, in the order in which it came. */
export interface StatusFeed {
  /**
   * Resolves to the first of these states that the verification has or gets.
   *
   * @throws Error when the time is over or the channel ends
   */
  waitFor(verificationId: string, statuses: readonly string[], timeoutMs: number): Promise<string>;
  close(): Promise<void>;
}

/**
 * Joins the person's private channel, as a front end does after sign-in.
 *
 * @returns null where there is no Realtime or it lets nobody in; ask for the status then
 */
export async function openStatusFeed(
  client: SupabaseClient,
  userId: string,
): Promise<StatusFeed | null> {
  const seen: z.output<typeof Message>[] = [];
  const listeners = new Set<() => void>();
  let isOpen = true;
  const channel = client.channel(`user:${userId}`, { config: { private: true } });
  channel.on("broadcast", { event: "kyc.status" }, ({ payload }) => {
    const message = Message.safeParse(payload);
    if (message.success) seen.push(message.data);
    for (const listener of listeners) listener();
  });
  const close = async () => {
    await client.removeChannel(channel);
    await client.realtime.disconnect();
  };
  const joined = await new Promise<boolean>((resolve) => {
    channel.subscribe((status) => {
      isOpen = status === "SUBSCRIBED";
      resolve(isOpen);
      for (const listener of listeners) listener();
    }, JOIN_TIMEOUT_MS);
  });
  if (!joined) {
    await close();
    return null;
  }
  return {
    close,
    waitFor(verificationId, statuses, timeoutMs) {
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          listeners.delete(look);
        };
        const look = () => {
          const found = seen.find(
            (message) =>
              message.verification_id === verificationId && statuses.includes(message.status),
          );
          if (!found && isOpen) return;
          end();
          if (found) resolve(found.status);
          else reject(new Error("The channel with the status has ended."));
        };
        const timer = setTimeout(() => {
          end();
          reject(
            new Error(
              `One of the states ${statuses.join(", ")} was not told within ${timeoutMs / 1000} s.`,
            ),
          );
        }, timeoutMs);
        listeners.add(look);
        look();
      });
    },
  };
}
