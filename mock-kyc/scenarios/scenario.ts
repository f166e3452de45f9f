import { ProviderError } from "../errors.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { KINDS } from "./kinds.ts";
import { OUTCOMES, type OutcomeRow } from "./outcomes.ts";
import { draftsOf, eventOf, ORDINARY_SEND, type PlanContext, type Step } from "./plan.ts";

/** A fault with its number. */
export interface ChosenFault {
  readonly name: string;
  readonly fault: Fault;
  readonly n: number;
}

/** What a value such as `MOCK-APPROVE.DUP=3.OOO` means. */
export interface Scenario {
  readonly outcome: OutcomeRow;
  readonly faults: readonly ChosenFault[];
}

export const GRAMMAR = "MOCK-<OUTCOME>[.<FAULT>[=<n>]]*";
const PREFIX = "MOCK-";

const outcomes = new Map(OUTCOMES.map((row) => [row.name, row]));

/** Whether a text means to be a scenario value. */
export function looksLikeValue(text: string): boolean {
  return text.trim().toUpperCase().startsWith(PREFIX);
}

function unknown(detail: string): ProviderError {
  return new ProviderError("unknown_scenario", `${detail} GET /v1/sandbox/scenarios lists them.`);
}

function parseFault(text: string): ChosenFault {
  const [name = "", number] = text.split("=", 2);
  const fault = FAULTS.get(name);
  if (!fault) throw unknown(`There is no fault .${name}.`);
  const { parameter } = fault;
  if (number === undefined) return { name, fault, n: parameter?.usual ?? 0 };
  if (!parameter) throw unknown(`The fault .${name} takes no number.`);
  const n = /^\d{1,9}$/.test(number) ? Number(number) : Number.NaN;
  if (!(n >= parameter.min && n <= parameter.max)) {
    throw unknown(`The fault .${name} takes a number from ${parameter.min} to ${parameter.max}.`);
  }
  return { name, fault, n };
}

/** Reads what follows the first dot of a value: `DUP=3.OOO`. */
export function parseFaults(text: string): ChosenFault[] {
  const faults = text.trim().toUpperCase().split(".").map(parseFault);
  const names = faults.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw unknown(`The fault .${twice} is named twice.`);
  return faults;
}

/** Reads a value such as `MOCK-APPROVE.DUP=3.OOO`, in any case of letters. */
export function parseScenario(text: string): Scenario {
  const value = text.trim().toUpperCase();
  const dot = value.indexOf(".");
  const head = dot < 0 ? value : value.slice(0, dot);
  const outcome = head.startsWith(PREFIX) ? outcomes.get(head.slice(PREFIX.length)) : undefined;
  if (!outcome) throw unknown(`There is no scenario ${head.slice(0, 60)}.`);
  return { outcome, faults: dot < 0 ? [] : parseFaults(value.slice(dot + 1)) };
}

/** A plan and whether it is carried out before the `POST` is answered. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly early: boolean;
  /** The highest sequence number it uses. */
  readonly lastSequence: number;
}

/** What makes a plan definite. */
export interface PlanInput extends PlanContext {
  /** The last sequence number that was used before. */
  readonly lastSequence: number;
  readonly acceptedMs: number;
  readonly scaled: (delayMs: number) => number;
}

/** Everything that will happen to an accepted verification. */
export function planOf({ outcome, faults }: Scenario, input: PlanInput): Plan {
  const { attempts } = outcome;
  const templates = attempts[Math.min(input.about.attempt, attempts.length) - 1] ?? [];
  let drafts = draftsOf(templates, input.about);
  for (const { fault, n } of faults) drafts = fault.shape?.(drafts, n, input) ?? drafts;

  let sequence = input.lastSequence;
  let steps = drafts.map((draft): Step => {
    sequence += draft.gap + 1;
    const occurredMs = input.acceptedMs + input.scaled(draft.delayMs);
    const type = draft.type ?? KINDS[draft.kind].type;
    return {
      atMs: draft.delayMs,
      event: eventOf({ ...draft, type }, input.seed, sequence, occurredMs),
      applies: draft.applies,
      send: outcome.delivered ? ORDINARY_SEND : null,
    };
  });
  for (const { fault, n } of faults) steps = fault.wire?.(steps, n, input) ?? steps;

  return {
    steps: steps.toSorted((a, b) => a.atMs - b.atMs),
    early: faults.some(({ fault }) => fault.early),
    lastSequence: sequence,
  };
}
