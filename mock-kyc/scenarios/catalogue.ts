import { FAULTS, type Fault } from "./faults.ts";
import { KINDS } from "./kinds.ts";
import { type Answer, type End, OUTCOMES, type OutcomeRow } from "./outcomes.ts";
import { parseScenario } from "./scenario.ts";

/** One row of the catalogue, as in the contract's `Scenario`. */
export interface CatalogueRow {
  readonly value: string;
  readonly kind: "outcome" | "fault" | "combination";
  readonly summary: string;
  readonly email_tag: string | null;
  readonly needs_attempts: number;
  readonly http: Answer;
  readonly events: readonly (readonly {
    readonly type: string;
    readonly delay_ms: number;
    readonly reason_codes: readonly string[];
  }[])[];
  readonly expected: End;
}

/** Faults together, as they are worth testing. */
const COMBINATIONS: readonly { value: string; summary: string; end: Partial<End> }[] = [
  {
    value: "MOCK-APPROVE.DUP=3.OOO",
    summary: "Three copies of each event, the verdict first.",
    end: { note: "Applied once; the rest is duplicate or stale." },
  },
  {
    value: "MOCK-REVIEW-THEN-APPROVE.BADSIG",
    summary: "A review with a verdict, each event first signed with a wrong key.",
    end: { note: "401, then applied." },
  },
  {
    value: "MOCK-HTTP-500X2.EARLY",
    summary: "Two failures; on the third try the events come before the answer.",
    end: { note: "One verification at the provider." },
  },
];

function rowOf(
  value: string,
  outcome: OutcomeRow,
  rest: Pick<CatalogueRow, "kind" | "summary" | "email_tag"> & { readonly end?: Partial<End> },
): CatalogueRow {
  const expected = { ...outcome.end, ...rest.end };
  return {
    value,
    kind: rest.kind,
    summary: rest.summary,
    email_tag: rest.email_tag,
    needs_attempts: expected.attempt,
    http: outcome.answer,
    events: outcome.attempts.map((attempt) =>
      attempt.map(({ kind, delayMs, reasonCodes }) => ({
        type: KINDS[kind].type,
        delay_ms: delayMs,
        reason_codes: reasonCodes ?? KINDS[kind].reasonCodes,
      })),
    ),
    expected,
  };
}

function outcomeRow(outcome: OutcomeRow): CatalogueRow {
  const email_tag = outcome.tag && `kyc-${outcome.tag}`;
  return rowOf(`MOCK-${outcome.name}`, outcome, {
    kind: "outcome",
    summary: outcome.summary,
    email_tag,
  });
}

function faultRow([name, fault]: readonly [string, Fault]): CatalogueRow {
  const value = `MOCK-${fault.shownWith ?? "APPROVE"}.${name}`;
  return rowOf(value, parseScenario(value).outcome, {
    kind: "fault",
    summary: fault.summary,
    email_tag: fault.tag ? `kyc-${fault.tag}` : null,
    end: fault.end ?? {},
  });
}

/** Every scenario that can be run as it stands, with what should come of it. */
export const CATALOGUE: readonly CatalogueRow[] = [
  ...OUTCOMES.map(outcomeRow),
  ...[...FAULTS].map(faultRow),
  ...COMBINATIONS.map(({ value, summary, end }) =>
    rowOf(value, parseScenario(value).outcome, {
      kind: "combination",
      summary,
      email_tag: null,
      end,
    }),
  ),
];
