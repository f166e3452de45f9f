import { type About, findingsOf } from "../findings.ts";
import { makeId } from "../ids.ts";
import type { EventTemplate, MockEvent } from "../model.ts";

/** An event before it has a sequence number. Drafts stand in the order of their occurrence. */
export interface Draft extends EventTemplate {
  readonly about: About;
  /** Whether the verification's own state follows it. */
  readonly applies: boolean;
  /** How many sequence numbers are left out before it. */
  readonly gap: number;
  /** Instead of the type that belongs to the kind. */
  readonly type?: string;
}

/** Which bytes are sent for an event. */
export type BodyForm = "event" | "tampered" | "malformed" | "oversized";

/** How a message goes over the wire. */
export interface Send {
  readonly body: BodyForm;
  readonly copies: number;
  readonly key: "active" | "previous" | "wrong" | "none";
  /** What is added to the timestamp, in seconds. */
  readonly skewS: number;
  /** Whether a failed delivery is tried again. */
  readonly retry: boolean;
}

/** One thing that happens at one moment after acceptance. */
export interface Step {
  readonly atMs: number;
  readonly event: MockEvent;
  readonly applies: boolean;
  /** Null: it happens, but nobody is told. */
  readonly send: Send | null;
}

/** What a fault may need to know to make an event of its own. */
export interface PlanContext {
  readonly seed: string;
  readonly about: About;
  /** The same case's attempt before this one. */
  readonly previous: About | null;
}

export const ORDINARY_SEND: Send = {
  body: "event",
  copies: 1,
  key: "active",
  skewS: 0,
  retry: true,
};

/** The drafts of a scenario's events. */
export function draftsOf(templates: readonly EventTemplate[], about: About): Draft[] {
  return templates.map((template) => ({ ...template, about, applies: true, gap: 0 }));
}

/** An event as it is sent. */
export function eventOf(
  draft: Draft & { readonly type: string },
  seed: string,
  sequence: number,
  occurredMs: number,
): MockEvent {
  return {
    id: makeId("evt", seed, draft.about.id, sequence),
    type: draft.type,
    api_version: "2025-01-01",
    sequence,
    attempt: draft.about.attempt,
    occurred_at: new Date(occurredMs).toISOString(),
    environment: "mock",
    data: findingsOf(draft, draft.about, occurredMs),
  };
}

const FLIPPED = { approved: "rejected", rejected: "approved" } as const;
/** Larger than any receiver should read: one megabyte. */
const OVERSIZE_BYTES = 1_048_576;

/** The bytes of a step's message. */
export function bodyOf(event: MockEvent, form: BodyForm): string {
  switch (form) {
    case "event":
      return JSON.stringify(event);
    case "tampered": {
      const status = event.data.status === "approved" ? FLIPPED.approved : FLIPPED.rejected;
      return JSON.stringify({ ...event, data: { ...event.data, status, outcome: status } });
    }
    case "malformed":
      return JSON.stringify(event).slice(0, -2);
    case "oversized":
      return JSON.stringify({ ...event, padding: "x".repeat(OVERSIZE_BYTES) });
  }
}
