import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type postgres from "postgres";
import { type Action, isPossible, type Model, OUTCOMES, predict, START } from "./model.ts";
import { World } from "./world.ts";

const STATUSES = [
  "draft",
  "submitted",
  "processing",
  "in_review",
  "resubmission_required",
  "approved",
  "rejected",
  "abandoned",
  "cancelled",
  "expired",
  "revoked",
] as const;

const DAY = 86_400;
const MAX_STEPS = 30;

interface Holder {
  model: Model;
  steps: number;
  readonly states: Set<string>;
}

/** One step: done in the database, and held against what the model says. */
class Step implements fc.AsyncCommand<Holder, World> {
  readonly action: Action;

  constructor(action: Action) {
    this.action = action;
  }

  check({ model }: Holder): boolean {
    return isPossible(model, this.action);
  }

  async run(holder: Holder, world: World): Promise<void> {
    const { answer, next } = predict(holder.model, this.action);
    const seen = {
      answer: await world.perform(this.action, holder.model),
      state: await world.state(),
    };
    const { status, attempt, reviewOwner } = next;
    const expected = { answer, state: { status, attempt, reviewOwner } };
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(seen)), expected)) {
      throw new Error(`expected ${JSON.stringify(expected)}, was ${JSON.stringify(seen)}`);
    }
    holder.model = next;
    holder.steps += 1;
    holder.states.add(`${status} ${attempt}`);
  }

  toString(): string {
    return JSON.stringify(this.action);
  }
}

const simple = fc.constantFrom(
  ...(["create", "add_document", "submit", "cancel", "accepted", "refused"] as const),
);

/** Actions, weighted so that sequences get far: most of what people do is what they should. */
const plain: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: simple.map((kind) => ({ kind })) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("event" as const),
      outcome: fc.constantFrom(...OUTCOMES),
      order: fc.constantFrom("newer", "newer", "newer", "stale", "twice"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "old_attempt" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("staff" as const), to: fc.constantFrom(...STATUSES) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      seconds: fc.constantFrom(61, 61, 61, DAY, 8 * DAY, 15 * DAY, 1_461 * DAY),
    }),
  },
);

const SUBMITTED: readonly Action[] = [
  { kind: "create" },
  { kind: "add_document" },
  { kind: "submit" },
];
const says = (outcome: (typeof OUTCOMES)[number]): Action => ({
  kind: "event",
  outcome,
  order: "newer",
});
const AGAIN: readonly Action[] = [
  says("resubmission_required"),
  { kind: "time", seconds: 61 },
  { kind: "add_document" },
  { kind: "submit" },
];
/** How sequences begin: without this few would come far. */
const OPENINGS: readonly (readonly Action[])[] = [
  [],
  SUBMITTED,
  [...SUBMITTED, { kind: "accepted" }],
  [...SUBMITTED, says("in_review")],
  [...SUBMITTED, says("approved")],
  [...SUBMITTED, says("approved"), { kind: "staff", to: "revoked" }],
  [...SUBMITTED, says("approved"), says("monitoring_hit"), { kind: "staff", to: "rejected" }],
  [...SUBMITTED, says("rejected")],
  [...SUBMITTED, ...AGAIN],
  [...SUBMITTED, ...AGAIN, { kind: "accepted" }, ...AGAIN],
];

/** Any step, some of them cut short by a crash and so without effect. */
const step = fc
  .tuple(plain, fc.integer({ min: 0, max: 9 }))
  .map(([action, chance]) => new Step(chance === 0 ? { kind: "crash", action } : action));

class Rollback extends Error {}

/** How far the sequences of a run came. */
export interface Reached {
  readonly steps: number;
  /** Every status with the attempt in which it was: `approved 2`. */
  readonly states: ReadonlySet<string>;
}

/**
 * Plays random sequences of what users, provider, staff, time and crashes do, each in a transaction
 * that is not kept, unless `keep` is set.
 *
 * @throws Error with the shortest sequence that goes wrong, and the seed that finds it again
 */
export async function runModel(
  sql: postgres.Sql,
  {
    sequences,
    seed,
    keep = false,
  }: { readonly sequences: number; readonly seed: number; readonly keep?: boolean },
): Promise<Reached> {
  let steps = 0;
  const states = new Set<string>();
  const play = async (
    commands: Iterable<fc.AsyncCommand<Holder, World>>,
    opening: readonly Action[],
  ) => {
    const transaction = sql.begin(async (tx) => {
      const world = new World(tx);
      const holder: Holder = { model: START, steps: 0, states };
      await world.begin();
      for (const action of opening) await new Step(action).run(holder, world);
      await fc.asyncModelRun(() => ({ model: holder, real: world }), commands);
      const faults = await world.faults();
      if (faults.length > 0) throw new Error(`faults: ${JSON.stringify(faults)}`);
      steps += holder.steps;
      if (!keep) throw new Rollback();
    });
    await transaction.catch((error: unknown) => {
      if (!(error instanceof Rollback)) throw error;
    });
  };
  await fc.assert(
    fc.asyncProperty(
      fc.commands([step], { maxCommands: MAX_STEPS, size: "+1" }),
      fc.constantFrom(...OPENINGS),
      play,
    ),
    { numRuns: sequences, seed },
  );
  return { steps, states };
}
