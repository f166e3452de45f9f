import postgres from "postgres";
import { expect, vi } from "vitest";
import { Db, user } from "../helpers/db.ts";
import { createDraft, createStaff, move, statusOf } from "../helpers/db-fixtures.ts";
import { approved, named, newName, test } from "../helpers/db-rescreening.ts";
import {
  createSubmittedApplicant,
  decide,
  hitsOf,
  loadList,
  riskOf,
} from "../helpers/db-screening.ts";

/** What two people agree to after a rejection. */
async function reopen(db: Db, verificationId: string): Promise<void> {
  const [one, two] = [
    user(await createStaff(db, "compliance_admin")),
    user(await createStaff(db, "compliance_admin")),
  ];
  const [before] = await db.sql`
    select version from public.kyc_verifications where verification_id = ${verificationId}`;
  const [asked] = await db.as(
    one,
    (sql) => sql`
      select private.kyc_reopen(${verificationId}, 'other', 'An appeal.', ${before?.version}) -> 'pending_approval' as request`,
  );
  const { approval_id, request_hash } = asked?.request ?? {};
  await db.as(
    two,
    (sql) => sql`
      select private.kyc_vote(${verificationId}, ${approval_id}, ${request_hash}, 'confirm', null, null)`,
  );
}

const caseOf = async (db: Db, verificationId: string) => {
  const [row] = await db.sql`
    select v.status, c.reason_code, c.review_owner, c.flags, c.risk_level,
      (select count(*)::integer from private.risk_assessments where verification_id = v.verification_id) as assessed
    from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
    where v.verification_id = ${verificationId}`;
  return row;
};

test("[SCREEN-02] a list that names somebody after the approval brings the case to staff, and nobody else's", async ({
  keep,
  settle,
}) => {
  const [last, other] = [newName(), newName()];
  const [person, stranger] = await keep(async (db) => [
    await approved(db, last),
    await approved(db, other),
  ]);
  await keep((db) =>
    loadList(db, [named(`${last}e`, { aliases: ["Vlado the Grey"] })], {
      list: last.toLowerCase(),
    }),
  );
  await settle();
  await keep(async (db) => {
    expect(await caseOf(db, person.verificationId)).toEqual({
      status: "in_review",
      reason_code: "monitoring_hit",
      review_owner: "internal",
      flags: ["sanctions_hit"],
      risk_level: "critical",
      assessed: 2,
    });
    expect(await hitsOf(db, person.userId)).toMatchObject([{ status: "open" }]);
    expect(await riskOf(db, person.verificationId)).toMatchObject({ occasion: "monitoring" });
    const [moved] = await db.sql`
      select actor_kind, actor_id, reason_code from private.audit_log
      where stream = 'kyc:' || ${person.verificationId}::text and action = 'kyc.transition' order by sequence desc limit 1`;
    expect(moved).toEqual({
      actor_kind: "provider",
      actor_id: "screening",
      reason_code: "monitoring_hit",
    });
    expect(await caseOf(db, stranger.verificationId)).toMatchObject({
      status: "approved",
      assessed: 1,
    });
  });
});

test("the same list again, and the jobs again, do nothing", async ({ keep, run, settle }) => {
  const last = newName();
  const person = await keep((db) => approved(db, last));
  const list = { list: last.toLowerCase() };
  await keep((db) => loadList(db, [named(last)], list));
  await settle();
  const before = await keep((db) => caseOf(db, person.verificationId));
  await keep((db) => loadList(db, [named(last)], { ...list, version: "2" }));
  expect(await run()).toEqual({ changes: 0, people: 0 });
  expect(await keep((db) => caseOf(db, person.verificationId))).toEqual(before);
});

test("who was dismissed stays approved until the entry changes, also to one that resembles nobody", async ({
  keep,
  settle,
}) => {
  const last = newName();
  const list = { list: last.toLowerCase() };
  const listed = named(last, { kind: "adverse_media" });
  await keep((db) => loadList(db, [listed], list));
  const person = await keep(async (db) => {
    const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last });
    const reviewer = user(await createStaff(db, "reviewer"));
    for (const hit of await hitsOf(db, applicant.userId)) {
      await db.as(reviewer, decide(applicant.verificationId, hit));
    }
    await move(db, applicant.verificationId, "in_review", "provider", "adverse_media");
    await move(db, applicant.verificationId, "approved", "staff", "manual_check");
    return applicant;
  });
  const more = named(newName(), { ref: "another" });
  await keep((db) => loadList(db, [listed, more], { ...list, version: "2" }));
  await settle();
  expect(await keep((db) => statusOf(db, person.verificationId))).toBe("approved");

  const changed = named(last, {
    kind: "adverse_media",
    name: "Somebody Else",
    birth_years: [1911],
  });
  await keep((db) => loadList(db, [changed, more], { ...list, version: "3" }));
  await settle();
  await keep(async (db) => {
    expect(await caseOf(db, person.verificationId)).toMatchObject({
      status: "in_review",
      reason_code: "monitoring_hit",
    });
    expect(await hitsOf(db, person.userId)).toMatchObject([{ status: "open" }]);
  });
});

test("each run takes no more than it is given and goes on where the last one stopped", async ({
  database,
  keep,
  run,
  settle,
}) => {
  await settle();
  const names = [newName(), newName(), newName()];
  const people = await keep(async (db) => {
    const all = [];
    for (const last of names) all.push(await approved(db, last));
    return all;
  });
  const entries = names.map((last) => named(last));
  await keep((db) => loadList(db, entries, { list: "bounded" }));
  const open = () =>
    keep(async (db) => {
      const states = [];
      for (const { verificationId } of people) states.push(await statusOf(db, verificationId));
      return states.filter((status) => status === "in_review").length;
    });
  const pending = () => keep((db) => db.sql`select from private.screening_changes`);
  await vi.waitFor(async () => {
    await database.client`select private.job_screen_changes(1)`;
    expect(await pending()).toHaveLength(0);
  }, 30_000);
  expect(await open()).toBe(0);
  const seen: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await run(1);
    seen.push(await open());
  }
  expect(seen).toEqual([1, 2, 3, 3, 3]);
  expect(await run(1)).toEqual({ changes: 0, people: 0 });
});

test("a review that the provider does becomes ours", async ({ keep, settle }) => {
  const last = newName();
  const person = await keep(async (db) => {
    const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last });
    await move(db, applicant.verificationId, "in_review", "provider", "provider_review");
    return applicant;
  });
  await keep((db) => loadList(db, [named(last)], { list: last.toLowerCase() }));
  await settle();
  expect(await keep((db) => caseOf(db, person.verificationId))).toMatchObject({
    status: "in_review",
    review_owner: "internal",
    reason_code: "monitoring_hit",
    risk_level: "critical",
  });
});

test("beside a renewal the approval is flagged, and goes to staff when the renewal has ended", async ({
  keep,
  settle,
}) => {
  const last = newName();
  const { person, renewal } = await keep(async (db) => {
    const holder = await approved(db, last);
    return { person: holder, renewal: await createDraft(db, holder.userId) };
  });
  await keep((db) => loadList(db, [named(last)], { list: last.toLowerCase() }));
  await settle();
  expect(await keep((db) => caseOf(db, person.verificationId))).toMatchObject({
    status: "approved",
    flags: ["monitoring_hit"],
  });
  await keep(async (db) => {
    await move(db, renewal, "cancelled", "user");
    await db.sql`update private.screening_suspects set due_at = private.now()`;
  });
  await settle();
  expect(await keep((db) => caseOf(db, person.verificationId))).toMatchObject({
    status: "in_review",
    flags: ["sanctions_hit"],
  });
});

test("people whose verification has ended are not looked up; an appeal is screened again", async ({
  keep,
  settle,
}) => {
  const last = newName();
  const person = await keep(async (db) => {
    const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last });
    await move(db, applicant.verificationId, "rejected", "provider", "other");
    return applicant;
  });
  await keep((db) => loadList(db, [named(last)], { list: last.toLowerCase() }));
  await settle();
  await keep(async (db) => {
    expect(await hitsOf(db, person.userId)).toEqual([]);
    expect(await statusOf(db, person.verificationId)).toBe("rejected");
    await reopen(db, person.verificationId);
  });
  await settle();
  expect(await keep((db) => hitsOf(db, person.userId))).toMatchObject([{ status: "open" }]);
});

test("[SCREEN-02] who was being approved while the list came is found too", async ({
  database,
  keep,
  run,
  settle,
}) => {
  await settle();
  const last = newName();
  const meanwhile = postgres(database.url, { max: 1, onnotice: () => {} });
  const outcome: { person?: { userId: string; verificationId: string } } = {};
  try {
    await meanwhile.begin(async (sql) => {
      outcome.person = await approved(new Db(sql), last);
      await keep((db) => loadList(db, [named(last)], { list: last.toLowerCase() }));
      expect(await run()).toEqual({ changes: 1, people: 0 });
      expect(await run()).toEqual({ changes: 0, people: 0 });
    });
  } finally {
    await meanwhile.end();
  }
  await settle();
  const { person } = outcome;
  if (!person) throw new Error("Nobody was approved.");
  expect(await keep((db) => statusOf(db, person.verificationId))).toBe("in_review");
});
