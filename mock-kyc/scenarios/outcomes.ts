import type { EventTemplate } from "../model.ts";

/** How `POST /v1/verifications` answers, as in the contract's `ScenarioAnswer`. */
export interface Answer {
  /** The answers to the first, second … try; null is no answer at all. */
  readonly statuses: readonly (number | null)[];
  /** Whether the last of them repeats for ever. */
  readonly always: boolean;
  readonly creates: boolean;
}

/** What a customer that follows the rules ends with, as in the contract's `ScenarioEnd`. */
export interface End {
  readonly status: "processing" | "in_review" | "resubmission_required" | "approved" | "rejected";
  readonly after: "events" | "reconcile" | "watchdog" | "retries" | "refusal";
  readonly attempt: number;
  readonly reason_code: string | null;
  readonly risk_level: "low" | "medium" | "high" | "critical" | null;
  readonly note: string | null;
}

/** One row of the table of outcomes. */
export interface OutcomeRow {
  readonly name: string;
  readonly tag: string | null;
  readonly summary: string;
  readonly answer: Answer;
  /** The events of the first, second … attempt; the last entry counts for all later ones. */
  readonly attempts: readonly (readonly EventTemplate[])[];
  /** False: the events happen, but nobody is told. */
  readonly delivered: boolean;
  readonly end: End;
}

const ACCEPT: Answer = { statuses: [202], always: false, creates: true };
const APPROVED: End = {
  status: "approved",
  after: "events",
  attempt: 1,
  reason_code: null,
  risk_level: null,
  note: null,
};
const UNAVAILABLE: End = {
  ...APPROVED,
  status: "in_review",
  after: "retries",
  reason_code: "provider_unavailable",
};
const REFUSED: End = {
  ...APPROVED,
  status: "in_review",
  after: "refusal",
  reason_code: "provider_bad_request",
};

const processing: EventTemplate = { kind: "processing", delayMs: 200 };
const approved: EventTemplate = { kind: "approved", delayMs: 1000 };
const retry: EventTemplate = { kind: "retry", delayMs: 1000 };
const review: EventTemplate = { kind: "review", delayMs: 1000 };
const rejected: EventTemplate = { kind: "rejected", delayMs: 1000 };

/** A row from what sets it apart from an ordinary approval. */
function row(
  name: string,
  tag: string | null,
  summary: string,
  difference: Partial<Omit<OutcomeRow, "end">> & { readonly end?: Partial<End> } = {},
): OutcomeRow {
  const { end, ...rest } = difference;
  return {
    name,
    tag,
    summary,
    answer: ACCEPT,
    attempts: [[processing, approved]],
    delivered: true,
    ...rest,
    end: { ...APPROVED, ...end },
  };
}

/** A row whose `POST` never succeeds. */
function failure(
  name: string,
  tag: string | null,
  summary: string,
  status: number | null,
  end: End,
): OutcomeRow {
  const answer = { statuses: [status], always: true, creates: false };
  return row(name, tag, summary, { answer, attempts: [[]], end });
}

/** The table of outcomes: what follows `MOCK-`. */
export const OUTCOMES: readonly OutcomeRow[] = [
  row("APPROVE", "approve", "Everything is in order."),
  row("REJECT-FINAL", "reject", "A forged document; trying again is no use.", {
    attempts: [[processing, rejected]],
    end: { status: "rejected", reason_code: "document_fraud", note: "The user's text is neutral." },
  }),
  row("REJECT-UNDERAGE", "underage", "The applicant is too young.", {
    attempts: [[processing, { ...rejected, reasonCodes: ["underage"], riskScore: 30 }]],
    end: { status: "rejected", reason_code: "underage" },
  }),
  row("REJECT-RETRY", "retry", "The document can't be read, on every attempt.", {
    attempts: [[processing, retry]],
    end: { status: "rejected", attempt: 3, reason_code: "resubmission_limit_exceeded" },
  }),
  row("RETRY-THEN-APPROVE", "retry-ok", "The first attempt can't be read, the second can.", {
    attempts: [
      [processing, retry],
      [processing, approved],
    ],
    end: { attempt: 2 },
  }),
  row("RETRY-EXPIRED", "expired-doc", "The document has expired.", {
    attempts: [[processing, { ...retry, reasonCodes: ["document_expired"], expiresInDays: -30 }]],
    end: { status: "resubmission_required", reason_code: "document_expired" },
  }),
  row("REVIEW", "review", "The provider's analyst has to decide, and waits to be told.", {
    attempts: [[processing, review]],
    end: { status: "in_review", reason_code: "duplicate_identity" },
  }),
  row("REVIEW-THEN-APPROVE", "review-ok", "The provider's analyst approves.", {
    attempts: [[processing, review, { kind: "approved", delayMs: 6000 }]],
  }),
  row("REVIEW-THEN-REJECT", "review-no", "The provider's analyst rejects.", {
    attempts: [[processing, review, { kind: "rejected", delayMs: 6000 }]],
    end: { status: "rejected", reason_code: "document_fraud" },
  }),
  row("SANCTIONS", "sanctions", "The name stands on a sanctions list; the customer decides.", {
    attempts: [
      [
        processing,
        { ...review, reasonCodes: ["sanctions_hit"], riskScore: 95, reviewOwner: "customer" },
      ],
    ],
    end: {
      status: "in_review",
      reason_code: "sanctions_hit",
      risk_level: "critical",
      note: "Two people have to decide.",
    },
  }),
  row("PEP", "pep", "A politically exposed person; the customer decides.", {
    attempts: [
      [processing, { ...review, reasonCodes: ["pep_hit"], riskScore: 70, reviewOwner: "customer" }],
    ],
    end: {
      status: "in_review",
      reason_code: "pep_hit",
      risk_level: "high",
      note: "Two people have to decide.",
    },
  }),
  row("COUNTRY-HIGH-RISK", "country", "Approved; the document says a nationality of high risk.", {
    attempts: [[processing, { ...approved, nationality: "KP" }]],
    end: {
      status: "in_review",
      reason_code: "high_risk",
      risk_level: "high",
      note: "The provider approves, the customer's rules do not.",
    },
  }),
  row("COUNTRY-MONITORED", "monitored", "Approved; the document says a monitored nationality.", {
    attempts: [[processing, { ...approved, nationality: "HT" }]],
    end: { risk_level: "medium" },
  }),
  row("SLOW", "slow", "Approved after half a minute.", {
    attempts: [[processing, { kind: "approved", delayMs: 30_000 }]],
    end: { note: "Shows as pending until then." },
  }),
  row("STUCK", "stuck", "No verdict, ever.", {
    attempts: [[processing]],
    end: { status: "in_review", after: "watchdog", reason_code: "provider_timeout" },
  }),
  row("LOST-WEBHOOK", "lost", "Approved, but no event arrives.", {
    delivered: false,
    end: { after: "reconcile" },
  }),
  row("APPROVE-THEN-REVOKE", "late-red", "Approved, and later found to be a fraudster.", {
    attempts: [
      [
        processing,
        approved,
        { kind: "rejected", delayMs: 11_000, reasonCodes: ["known_fraud"], riskScore: 95 },
      ],
    ],
    end: {
      status: "in_review",
      reason_code: "known_fraud",
      note: "The approval is frozen, not silently turned.",
    },
  }),
  row("REJECT-THEN-APPROVE", "conflict", "Rejected, and then approved all the same.", {
    attempts: [[processing, rejected, { kind: "approved", delayMs: 2000 }]],
    end: {
      status: "rejected",
      reason_code: "document_fraud",
      note: "The second verdict is recorded as a conflict.",
    },
  }),
  row("DOC-EXPIRES-SOON", "expiring", "Approved; the document expires in 30 days.", {
    attempts: [[processing, { ...approved, expiresInDays: 30 }]],
    end: { note: "The approval expires with the document." },
  }),
  row("SYNC-APPROVE", null, "The answer holds the verdict; the event comes too.", {
    answer: { ...ACCEPT, statuses: [201] },
    attempts: [[{ kind: "approved", delayMs: 0 }]],
    end: { note: "Approved once." },
  }),
  failure("HTTP-500", "500", "The provider always fails.", 500, UNAVAILABLE),
  failure("HTTP-503", null, "The provider is always down.", 503, UNAVAILABLE),
  row("HTTP-500X2", "flaky", "The provider fails twice, then works.", {
    answer: { statuses: [500, 500, 202], always: false, creates: true },
    end: { note: "One verification at the provider." },
  }),
  row("HTTP-429", null, "Too many requests once, then accepted.", {
    answer: { statuses: [429, 202], always: false, creates: true },
  }),
  failure("HTTP-400", null, "The provider refuses the documents.", 400, REFUSED),
  failure("HTTP-401", null, "The provider refuses the key.", 401, REFUSED),
  failure("TIMEOUT", "timeout", "No answer, and nothing is created.", null, UNAVAILABLE),
  row("TIMEOUT-CREATED", null, "No answer, but the verification is created.", {
    answer: { statuses: [null, 202], always: false, creates: true },
    end: { note: "Approved once; one verification at the provider." },
  }),
  failure("HTTP-GARBAGE", null, "The answer is a web page.", 200, UNAVAILABLE),
];
