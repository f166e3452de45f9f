/** What somebody does in a sequence. */
export type Action =
  | { readonly kind: "create" | "add_document" | "submit" | "cancel" | "accepted" | "refused" }
  | {
      readonly kind: "event";
      readonly outcome: Outcome;
      readonly order: "newer" | "stale" | "twice";
    }
  | { readonly kind: "old_attempt" }
  | { readonly kind: "staff"; readonly to: string }
  | { readonly kind: "time"; readonly seconds: number }
  | { readonly kind: "crash"; readonly action: Action };

export const OUTCOMES = [
  "processing",
  "approved",
  "rejected",
  "resubmission_required",
  "in_review",
  "monitoring_hit",
] as const;
type Outcome = (typeof OUTCOMES)[number];

/** The newest verification of one person, as the design says that it must be. */
export interface Model {
  readonly status: string | null;
  readonly attempt: number;
  readonly reviewOwner: "provider" | "internal" | null;
  readonly hasDocument: boolean;
  /** What has been approved once is only taken back by two people. */
  readonly wasApproved: boolean;
  /** Two people have judged this attempt: the provider alone does not approve it any more. */
  readonly isForStaff: boolean;
  /** Sequence number of the last event of this attempt. */
  readonly sequence: number;
  /** Attempts whose submission has not been sent yet, oldest first. */
  readonly unsent: readonly number[];
  readonly now: number;
  readonly changedAt: number;
  readonly deadlineAt: number | null;
}

/** What should come of an action: an error code, what becomes of an event, or null; and the state then. */
export interface Prediction {
  readonly answer: string | null;
  readonly next: Model;
}

const MINUTE = 60;
const DAY = 86_400;
const MAX_ATTEMPTS = 3;
const APPROVAL_DAYS = 1_000;

export const START: Model = {
  status: null,
  attempt: 0,
  reviewOwner: null,
  hasDocument: false,
  wasApproved: false,
  isForStaff: false,
  sequence: 0,
  unsent: [],
  now: 0,
  changedAt: 0,
  deadlineAt: null,
};

/** What staff may do: from → to. */
const STAFF: Readonly<Record<string, readonly string[]>> = {
  draft: ["cancelled"],
  submitted: ["cancelled"],
  processing: ["in_review", "cancelled"],
  in_review: ["approved", "rejected", "resubmission_required", "submitted"],
  resubmission_required: ["rejected"],
  approved: ["in_review", "revoked"],
  rejected: ["in_review"],
};

const isEditable = ({ status }: Model) => status === "draft" || status === "resubmission_required";
const isUnderWay = ({ status }: Model) => status === "submitted" || status === "processing";

function moved(model: Model, status: string, change: Partial<Model> = {}): Model {
  const drops = isUnderWay(model) && (status === "cancelled" || status === "in_review");
  return {
    ...model,
    status,
    wasApproved: model.wasApproved || status === "approved",
    reviewOwner: status === "in_review" ? "internal" : null,
    changedAt: model.now,
    deadlineAt: status === "resubmission_required" ? model.now + 14 * DAY : null,
    unsent: drops ? [] : model.unsent,
    ...change,
  };
}

const refused = (answer: string, next: Model): Prediction => ({ answer, next });
const done = (next: Model, answer: string | null = null): Prediction => ({ answer, next });

function submit(model: Model): Prediction {
  if (!isEditable(model)) return refused("NF032", model);
  if (model.attempt >= MAX_ATTEMPTS) return refused("NF034", model);
  const isEarly = model.status === "resubmission_required" && model.now < model.changedAt + MINUTE;
  if (isEarly) return refused("NF070", model);
  if (!model.hasDocument) return refused("NF063", model);
  const attempt = model.attempt + 1;
  const unsent = [...model.unsent, attempt];
  return done(moved(model, "submitted", { attempt, sequence: 0, unsent, isForStaff: false }));
}

function create(model: Model): Prediction {
  if (model.status === "rejected" || model.status === "revoked") return refused("NF034", model);
  if (isEditable(model) || isUnderWay(model) || model.status === "in_review") {
    return refused("NF031", model);
  }
  const { now } = model;
  return done({ ...START, status: "draft", now, changedAt: now, deadlineAt: now + 7 * DAY });
}

function addDocument(model: Model): Prediction {
  if (!isEditable(model)) return refused("NF033", model);
  return model.hasDocument ? refused("NF035", model) : done({ ...model, hasDocument: true });
}

/** The provider approves what two people have judged: that is for staff, in each state that an approval can meet. */
function approvedForStaff(known: Model): Prediction | undefined {
  if (isUnderWay(known) || known.status === "approved") {
    return done(moved(known, "in_review"), "applied");
  }
  if (known.status === "in_review" && known.reviewOwner === "provider") {
    return done({ ...known, reviewOwner: "internal" }, "applied");
  }
  return undefined;
}

/** A newer event of the present attempt. */
function event(model: Model, outcome: Outcome): Prediction {
  const known = { ...model, sequence: model.sequence + 1 };
  const forStaff = model.isForStaff && outcome === "approved" ? approvedForStaff(known) : undefined;
  if (forStaff) return forStaff;
  const isLate = model.status === "approved" && /^(rejected|resubmission_required)$/.test(outcome);
  const to = outcome === "monitoring_hit" || isLate ? "in_review" : outcome;
  if (to === model.status) return done(known, "applied");
  const mayJudge = model.status === "in_review" && model.reviewOwner === "provider";
  const isAllowed =
    model.status === "submitted" ||
    (model.status === "processing" && to !== "processing") ||
    (mayJudge && to !== "processing") ||
    (model.status === "approved" && to === "in_review");
  if (!isAllowed) return done(known, "conflict");
  const isRejection = to === "rejected" || to === "resubmission_required";
  const isLast = to === "resubmission_required" && model.attempt >= MAX_ATTEMPTS;
  return done(
    moved(known, isLast ? "rejected" : to, {
      hasDocument: model.hasDocument && !isRejection,
      ...(to === "in_review" && isUnderWay(model) && { reviewOwner: "provider" }),
    }),
    "applied",
  );
}

/** The worker has an answer to the oldest submission that was not sent. */
function answered(model: Model, isAccepted: boolean): Prediction {
  const [attempt, ...unsent] = model.unsent;
  const rest = { ...model, unsent };
  if (attempt !== model.attempt || model.status !== "submitted") return done(rest);
  return done(moved(rest, isAccepted ? "processing" : "in_review"));
}

function time(model: Model, seconds: number): Prediction {
  const later = { ...model, now: model.now + seconds };
  const { now, status, changedAt, deadlineAt } = later;
  if (isEditable(later) && deadlineAt !== null && deadlineAt <= now) {
    return done(moved(later, "abandoned"));
  }
  if (status === "approved" && now >= changedAt + APPROVAL_DAYS * DAY) {
    return done(moved(later, "expired"));
  }
  if (status === "resubmission_required" && later.attempt >= MAX_ATTEMPTS) {
    return done(moved(later, "rejected"));
  }
  if (status === "processing" && now >= changedAt + DAY) return done(moved(later, "in_review"));
  return done(later);
}

function staff(model: Model, to: string): Prediction {
  if (!STAFF[model.status ?? ""]?.includes(to)) return refused("NF032", model);
  const unsent = to === "submitted" ? [...model.unsent, model.attempt] : undefined;
  const takesBack = model.status === "in_review" && /^(rejected|resubmission_required)$/.test(to);
  const isForStaff = model.isForStaff || (takesBack && model.wasApproved);
  return done(moved(model, to, { isForStaff, ...(unsent && { unsent }) }));
}

/** Whether an action can be tried at all. */
export function isPossible(model: Model, action: Action): boolean {
  switch (action.kind) {
    case "create":
      return true;
    case "accepted":
    case "refused":
      return model.unsent.length > 0;
    case "event":
      return model.attempt > 0 && (action.order === "newer" || model.sequence > 0);
    case "old_attempt":
      return model.attempt > 1;
    case "time":
      // Approvals last three years: no sequence should come near that by small steps.
      return model.status !== null;
    case "crash":
      return isPossible(model, action.action);
    default:
      return model.status !== null;
  }
}

/** What the design says must come of an action. */
export function predict(model: Model, action: Action): Prediction {
  switch (action.kind) {
    case "create":
      return create(model);
    case "add_document":
      return addDocument(model);
    case "submit":
      return submit(model);
    case "cancel":
      return isEditable(model) ? done(moved(model, "cancelled")) : refused("NF032", model);
    case "accepted":
      return answered(model, true);
    case "refused":
      return answered(model, false);
    case "event":
      if (action.order === "twice") return done(model, "duplicate");
      return action.order === "stale" ? done(model, "stale") : event(model, action.outcome);
    case "old_attempt":
      return done(model, "stale");
    case "staff":
      return staff(model, action.to);
    case "time":
      return time(model, action.seconds);
    case "crash":
      return { answer: predict(model, action.action).answer, next: model };
  }
}
