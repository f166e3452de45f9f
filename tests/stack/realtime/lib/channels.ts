import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { vi } from "vitest";

/** A channel with everything that it has told so far. */
export interface Heard {
  readonly channel: RealtimeChannel;
  /** What `subscribe` reported, oldest first. */
  readonly states: { readonly status: string; readonly message: string | undefined }[];
  readonly messages: { readonly event: string; readonly payload: unknown }[];
  /** Messages of the server about the channel itself. */
  readonly notices: unknown[];
  /** Resolves to the first report that is not the one given. */
  state(after?: number): Promise<{ status: string; message: string | undefined }>;
}

interface Wish {
  readonly isPrivate?: boolean;
  readonly broadcast?: { readonly ack?: boolean; readonly self?: boolean };
  readonly prepare?: (channel: RealtimeChannel) => void;
}

const DEADLINE = { timeout: 10_000, interval: 10 };

/** Joins a channel as an application does, and keeps what arrives. */
export function listen(client: SupabaseClient, topic: string, wish: Wish = {}): Heard {
  const { isPrivate = true, broadcast, prepare } = wish;
  const channel = client.channel(topic, {
    config: { private: isPrivate, ...(broadcast && { broadcast }) },
  });
  const states: Heard["states"] = [];
  const messages: Heard["messages"] = [];
  const notices: unknown[] = [];
  channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
    messages.push({ event, payload });
  });
  channel.on("system", {}, (notice: unknown) => notices.push(notice));
  prepare?.(channel);
  channel.subscribe((status, error) => states.push({ status, message: error?.message }));
  return {
    channel,
    states,
    messages,
    notices,
    async state(after = 0) {
      return vi.waitUntil(() => states[after], DEADLINE);
    },
  };
}

export const eventually = (holds: () => unknown) => vi.waitUntil(holds, DEADLINE);
