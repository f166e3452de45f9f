import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { agree } from "../../../../scripts/bench/model/agree.ts";
import {
  anon,
  type Db,
  expectDenied,
  migrator,
  type Sql,
  service,
  test,
  user,
} from "../../../helpers/db.ts";
import { createDraft, createPerson, createSubmitted, move } from "../../../helpers/db-fixtures.ts";

/** The design's table, written down once more: from, to, who may. Everything else is refused. */
const TABLE: readonly (readonly [string, string, ...string[]])[] = [
  ["draft", "submitted", "user"],
  ["draft", "cancelled", "user", "staff!"],
  ["draft", "abandoned", "scheduler"],
  ["submitted", "processing", "provider", "system"],
  ["submitted", "approved", "provider"],
  ["submitted", "rejected", "provider!"],
  ["submitted", "resubmission_required", "provider!"],
  ["submitted", "in_review", "provider!", "system!"],
  ["submitted", "cancelled", "staff!"],
  ["processing", "approved", "provider"],
  ["processing", "rejected", "provider!"],
  ["processing", "resubmission_required", "provider!"],
  ["processing", "in_review", "provider!", "staff", "scheduler!"],
  ["processing", "cancelled", "staff!"],
  ["in_review", "approved", "provider", "staff!"],
  ["in_review", "rejected", "provider!", "staff!"],
  ["in_review", "resubmission_required", "provider!", "staff!"],
  ["in_review", "submitted", "staff"],
  ["resubmission_required", "submitted", "user"],
  ["resubmission_required", "rejected", "staff!", "scheduler!"],
  ["resubmission_required", "abandoned", "scheduler"],
  ["resubmission_required", "cancelled", "user"],
  ["approved", "expired", "scheduler"],
  ["approved", "in_review", "provider!", "staff!"],
  ["approved", "revoked", "staff!"],
  ["rejected", "in_review", "staff!"],
];
/** "!" = with a reason only. */
const RULES = new Map(
  TABLE.flatMap(([from, to, ...actors]) =>
    actors.map(
      (actor) => [`${from} ${to} ${actor.replace("!", "")}`, actor.endsWith("!")] as const,
    ),
  ),
);

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
const ACTORS = ["user", "provider", "staff", "scheduler", "system"] as const;

/** How to get into a state; the review in `in_review` belongs to the provider, so that all rules apply. */
const PATHS: Readonly<
  Record<(typeof STATUSES)[number], readonly (readonly [string, string, string | null])[]>
> = {
  draft: [],
  submitted: [["submitted", "user", null]],
  processing: [
    ["submitted", "user", null],
    ["processing", "system", null],
  ],
  in_review: [
    ["submitted", "user", null],
    ["in_review", "provider", "provider_review"],
  ],
  resubmission_required: [
    ["submitted", "user", null],
    ["resubmission_required", "provider", "other"],
  ],
  approved: [
    ["submitted", "user", null],
    ["approved", "provider", null],
  ],
  rejected: [
    ["submitted", "user", null],
    ["rejected", "provider", "other"],
  ],
  abandoned: [["abandoned", "scheduler", null]],
  cancelled: [["cancelled", "user", null]],
  expired: [
    ["submitted", "user", null],
    ["approved", "provider", null],
    ["expired", "scheduler", null],
  ],
  revoked: [
    ["submitted", "user", null],
    ["approved", "provider", null],
    ["revoked", "staff", "known_fraud"],
  ],
};

const stateOf = (verificationId: string) => (sql: Sql) =>
  sql<{ status: string; version: number; entries: string; messages: string }[]>`
  select v.*, c.*, h.sequence as entries, (select count(*) from private.outbox where subject_id = v.verification_id) as messages
  from public.kyc_verifications as v
  join private.kyc_cases as c using (verification_id)
  join private.audit_heads as h on h.stream = 'kyc:' || v.verification_id
  where v.verification_id = ${verificationId}`;

const transition =
  (
    id: string,
    to: string,
    actor: string,
    reason: string | null,
    [first, second]: readonly [string, string | null] = ["test", null],
    version: number | null = null,
  ) =>
  (sql: Sql) =>
    sql`
  select private.kyc_transition(${id}, ${to}::text::public.kyc_status, ${actor}::text::public.kyc_actor, ${first}, ${reason},
    ${version}, null, ${second})`;

async function reach(db: Db, status: (typeof STATUSES)[number]): Promise<string> {
  const id = await createDraft(db, await createPerson(db));
  for (const [to, actor, reason] of PATHS[status]) await move(db, id, to, actor, reason);
  return id;
}

/** Undoes a move, so that the next one starts from the same state. */
class Undo extends Error {}
async function undone(db: Db, work: (sql: Sql) => Promise<void>): Promise<void> {
  const outcome = await db.sql
    .savepoint(async (sql) => {
      await work(sql);
      throw new Undo();
    })
    .catch((error: unknown) => error);
  if (!(outcome instanceof Undo)) throw outcome;
}

describe.each(STATUSES)("from %s", (from) => {
  test("[ENGINE-02] every target and actor moves as the table says or is refused and changes nothing", async ({
    db,
  }) => {
    const id = await reach(db, from);
    const [before] = await stateOf(id)(db.sql);
    expect(before?.status).toBe(from);
    let refused = 0;
    for (const to of STATUSES) {
      for (const actor of ACTORS) {
        const needsReason = RULES.get(`${from} ${to} ${actor}`);
        if (needsReason === undefined) {
          await expectDenied(db, "NF032", {
            as: migrator,
            does: transition(id, to, actor, "other"),
            keeps: stateOf(id),
          });
          refused += 1;
          continue;
        }
        if (needsReason) {
          await expectDenied(db, "NF064", {
            as: migrator,
            does: transition(id, to, actor, null),
            keeps: stateOf(id),
          });
        }
        await undone(db, async (sql) => {
          const two = actor === "staff" ? await agree(sql, id, to) : undefined;
          await transition(id, to, actor, needsReason ? "other" : null, two)(sql);
          const [after] = await stateOf(id)(sql);
          expect(after, `${to} by ${actor}`).toMatchObject({
            status: to,
            version: (before?.version ?? 0) + 1,
          });
          expect(Number(after?.entries)).toBe(Number(before?.entries) + 1);
          const sends =
            to === "submitted" ||
            (to === "cancelled" && (from === "submitted" || from === "processing"));
          expect(Number(after?.messages) - Number(before?.messages), `${to} by ${actor}`).toBe(
            sends ? 1 : 0,
          );
        });
      }
    }
    expect(refused).toBe(
      55 - [...RULES.keys()].filter((rule) => rule.startsWith(`${from} `)).length,
    );
  });
});

test("the rows are the design's table", async ({ db }) => {
  const rows = await db.sql<{ rule: string; reason: boolean }[]>`
    select from_status || ' ' || to_status || ' ' || actor as rule, is_reason_required as reason
    from private.kyc_transitions where from_status is not null`;
  expect(new Map(rows.map(({ rule, reason }) => [rule, reason] as const))).toEqual(RULES);
});

test("two people decide: always for taking back and for an appeal, at high risk for a review", async ({
  db,
}) => {
  const rows = await db.sql<{ rule: string; four_eyes: string }[]>`
    select from_status || ' ' || to_status as rule, four_eyes from private.kyc_transitions
    where four_eyes <> 'never' order by transition_id`;
  expect(rows.map(({ rule, four_eyes }) => `${rule} ${four_eyes}`)).toEqual([
    "in_review approved high_risk",
    "in_review rejected high_risk",
    "in_review resubmission_required high_risk",
    "resubmission_required rejected high_risk",
    "approved revoked always",
    "rejected in_review always",
  ]);
});

test("[EYES-12] naming a second person is not enough: the request that they confirmed is looked up", async ({
  db,
}) => {
  const id = await reach(db, "approved");
  const revoke = (second: string | null) => (sql: Sql) =>
    sql`
    select private.kyc_transition(${id}, 'revoked', 'staff', 'first', 'known_fraud', null, null, ${second})`;
  for (const second of [null, "first", "second"]) {
    await expectDenied(db, "NF013", { as: migrator, does: revoke(second), keeps: stateOf(id) });
  }
});

test("no API role can call it, whatever its token says", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  for (const as of [anon, user(userId), service]) {
    await expectDenied(db, "42501", {
      as,
      does: transition(verificationId, "approved", "provider", null),
      keeps: stateOf(verificationId),
    });
  }
});

test("an old version, an unknown verification and an unknown reason are refused", async ({
  db,
}) => {
  const { verificationId } = await createSubmitted(db);
  const keeps = stateOf(verificationId);
  await expectDenied(db, "NF050", {
    as: migrator,
    does: transition(verificationId, "approved", "provider", null, undefined, 1),
    keeps,
  });
  await expectDenied(db, "NF020", {
    as: migrator,
    does: transition(randomUUID(), "approved", "provider", null),
    keeps,
  });
  await expectDenied(db, "NF001", {
    as: migrator,
    does: transition(verificationId, "rejected", "provider", "made_up"),
    keeps,
  });
});

test("a submission that was not sent yet is not sent after a cancellation", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "cancelled", "staff", "cancelled_by_staff");
  const rows =
    await db.sql`select topic, status from private.outbox where subject_id = ${verificationId} order by message_id`;
  expect([...rows]).toEqual([
    { topic: "provider.submit", status: "cancelled" },
    { topic: "provider.cancel", status: "pending" },
  ]);
});

test("a case that staff sends again keeps its attempt and gets a new key", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "in_review", "system", "provider_unavailable");
  await move(db, verificationId, "submitted", "staff", "requeued");
  const [verification] = await stateOf(verificationId)(db.sql);
  expect(verification).toMatchObject({ status: "submitted", attempt: 1 });
  const keys = await db.sql<
    { key: string }[]
  >`select idempotency_key as key from private.outbox where subject_id = ${verificationId}`;
  expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
});
