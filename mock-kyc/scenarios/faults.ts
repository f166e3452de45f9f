import { makeId } from "../ids.ts";
import type { MockEvent } from "../model.ts";
import type { End } from "./outcomes.ts";
import { type BodyForm, type Draft, ORDINARY_SEND, type PlanContext, type Step } from "./plan.ts";

/** A worsening of a plan. It acts on what happens (`shape`), on what is sent (`wire`), or on both. */
export interface Fault {
  readonly summary: string;
  readonly tag?: string;
  /** What `=n` means; a fault without it takes no number. */
  readonly parameter?: { readonly usual: number; readonly min: number; readonly max: number };
  /** The events are sent before the answer to the `POST`. */
  readonly early?: true;
  readonly needsPreviousSecret?: true;
  readonly shape?: (drafts: readonly Draft[], n: number, context: PlanContext) => Draft[];
  readonly wire?: (steps: readonly Step[], n: number, context: PlanContext) => Step[];
  /** The outcome of its row in the catalogue; APPROVE unless said otherwise. */
  readonly shownWith?: string;
  readonly end?: Partial<End>;
}

/** How long after the first delivery the second follows, where a fault has two. */
const SECOND_TRY_MS = 2000;
const SKEW_S = 600;

/** Changes how every step is sent. */
function resend(change: Partial<Step["send"] & object>) {
  return (steps: readonly Step[]): Step[] =>
    steps.map((step) => ({ ...step, send: step.send && { ...step.send, ...change } }));
}

/** A step in front of the others that belongs to no event of the plan. */
function withNoise(
  steps: readonly Step[],
  name: string,
  body: BodyForm,
  { seed, about }: PlanContext,
  change: (event: MockEvent) => MockEvent = (event) => event,
): Step[] {
  const [first] = steps;
  if (!first) return [];
  const event = change({ ...first.event, id: makeId("evt", seed, about.id, name) });
  const send = { ...ORDINARY_SEND, body, retry: false };
  return [{ atMs: first.atMs, event, applies: false, send }, ...steps];
}

const unheard: Partial<End> = {
  after: "reconcile",
  note: "Every delivery is answered with 401 and changes nothing.",
};

/** The faults by name: what follows a dot. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  [
    "DUP",
    {
      summary: "Each event n times, some at the same moment.",
      tag: "dup",
      parameter: { usual: 3, min: 2, max: 20 },
      wire: (steps, n) => resend({ copies: n })(steps),
      end: { note: "Each event is applied once, the rest are duplicates." },
    },
  ],
  [
    "OOO",
    {
      summary: "The verdict first, the rest 2 s later with lower sequences.",
      tag: "ooo",
      wire: (steps) => {
        const verdict = steps.at(-1);
        if (!verdict) return [];
        const late = steps.slice(0, -1);
        return [verdict, ...late.map((step) => ({ ...step, atMs: verdict.atMs + SECOND_TRY_MS }))];
      },
      end: { note: "The verdict stays, the rest is stale." },
    },
  ],
  [
    "EARLY",
    {
      summary: "The events come before the answer to the POST.",
      tag: "early",
      early: true,
      wire: (steps) => steps.map((step) => ({ ...step, atMs: 0 })),
      end: { note: "Parked or applied, never lost." },
    },
  ],
  [
    "BADSIG",
    {
      summary: "Each event first signed with a wrong key, correctly 2 s later.",
      tag: "badsig",
      wire: (steps) =>
        steps.flatMap((step) => [
          { ...step, send: step.send && { ...step.send, key: "wrong" as const, retry: false } },
          { ...step, atMs: step.atMs + SECOND_TRY_MS },
        ]),
      end: { note: "401, then applied." },
    },
  ],
  [
    "NOSIG",
    {
      summary: "No signature.",
      wire: resend({ key: "none", retry: false }),
      end: unheard,
    },
  ],
  [
    "STALETS",
    {
      summary: "The timestamp is 600 s old.",
      wire: resend({ skewS: -SKEW_S, retry: false }),
      end: unheard,
    },
  ],
  [
    "FUTURETS",
    {
      summary: "The timestamp is 600 s ahead.",
      wire: resend({ skewS: SKEW_S, retry: false }),
      end: unheard,
    },
  ],
  [
    "TAMPER",
    {
      summary: "After each event the same id with another body, validly signed.",
      wire: (steps) =>
        steps.flatMap((step) => [
          step,
          {
            ...step,
            applies: false,
            send: step.send && { ...step.send, body: "tampered" as const, retry: false },
          },
        ]),
      end: { note: "The second body is answered with 409." },
    },
  ],
  [
    "OLDKEY",
    {
      summary: "Signed with the previous secret only.",
      needsPreviousSecret: true,
      wire: resend({ key: "previous" }),
      end: { note: "Accepted as long as the previous secret counts." },
    },
  ],
  [
    "UNKNOWN",
    {
      summary: "Also an event about a verification that nobody knows.",
      wire: (steps, _n, context) =>
        withNoise(steps, "UNKNOWN", "event", context, (event) => {
          const stranger = makeId("mkv", context.seed, context.about.id, "UNKNOWN");
          const data = { ...event.data, verification_id: stranger, external_id: stranger };
          return { ...event, sequence: 1, data };
        }),
      end: { note: "The other event is parked and given up later." },
    },
  ],
  [
    "MALFORMED",
    {
      summary: "Also broken JSON, validly signed.",
      wire: (steps, _n, context) => withNoise(steps, "MALFORMED", "malformed", context),
      end: { note: "The broken message is answered with 400." },
    },
  ],
  [
    "BIG",
    {
      summary: "Also a message of 1 MB, validly signed.",
      wire: (steps, _n, context) => withNoise(steps, "BIG", "oversized", context),
      end: { note: "The large message is answered with 413." },
    },
  ],
  [
    "NEWTYPE",
    {
      summary: "Also an event of a type that nobody knows yet.",
      shape: (drafts) => {
        const [first] = drafts;
        if (!first) return [];
        return [{ ...first, type: "verification.note_added", applies: false }, ...drafts];
      },
      end: { note: "The unknown type is answered with 200 and ignored." },
    },
  ],
  [
    "GAP",
    {
      summary: "The verdict skips a sequence number.",
      shape: (drafts) =>
        drafts.map((draft, index) => (index === drafts.length - 1 ? { ...draft, gap: 1 } : draft)),
      end: { note: "Applied; the missing event is asked for." },
    },
  ],
  [
    "OLDATTEMPT",
    {
      summary: "From the second attempt on, also an approval of the attempt before.",
      shownWith: "RETRY-THEN-APPROVE",
      shape: (drafts, _n, { previous }) =>
        previous
          ? [{ kind: "approved", delayMs: 0, about: previous, applies: false, gap: 0 }, ...drafts]
          : [...drafts],
      end: { note: "The approval of the older attempt is stale." },
    },
  ],
  [
    "SLOW",
    {
      summary: "Every event that many milliseconds later.",
      parameter: { usual: 5000, min: 0, max: 86_400_000 },
      shape: (drafts, n) => drafts.map((draft) => ({ ...draft, delayMs: draft.delayMs + n })),
    },
  ],
]);
