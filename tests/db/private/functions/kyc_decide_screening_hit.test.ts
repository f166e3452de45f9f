import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  anon,
  type Caller,
  type Db,
  expectDenied,
  service,
  test,
  user,
} from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import {
  createSubmittedApplicant,
  decide,
  type Hit,
  hitsOf,
  loadList,
} from "../../../helpers/db-screening.ts";

async function arrange(db: Db) {
  await loadList(db, [
    { ref: "S-1", name: "Vladomir Grutschenko", aliases: ["Vlado the Grey"], birth_years: [1970] },
  ]);
  const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last: "Grutschenko" });
  const [hit] = await hitsOf(db, applicant.userId);
  if (!hit) throw new Error("There is no hit.");
  return { ...applicant, hit, reviewer: await createStaff(db, "reviewer") };
}

const denied = (
  db: Db,
  code: string,
  as: Caller,
  verificationId: string,
  hit: Pick<Hit, "hit_id" | "entry_hash">,
  decision = "dismiss",
) =>
  expectDenied(db, code, {
    as,
    does: decide(verificationId, hit, decision),
    keeps: (sql) => sql`
      select h.*, (select count(*) from private.screening_decisions) as decisions,
        (select count(*) from private.audit_log) as entries
      from private.screening_hits as h`,
  });

test("each role that may decide can dismiss and confirm, and every decision is kept", async ({
  db,
}) => {
  const { verificationId, hit } = await arrange(db);
  const roles = ["reviewer", "approver", "compliance_admin"] as const;
  for (const [index, role] of roles.entries()) {
    const staff = await createStaff(db, role);
    const decision = index % 2 === 0 ? "dismiss" : "confirm";
    const [row] = await db.as(user(staff), decide(verificationId, hit, decision));
    expect(row?.body).toMatchObject({
      hit_id: hit.hit_id,
      status: decision === "dismiss" ? "dismissed" : "confirmed",
      decided_by: staff,
      decided_at: expect.any(String),
      entry: { name: "Vladomir Grutschenko", aliases: ["Vlado the Grey"] },
      is_listed: true,
      score: 1,
    });
  }
  const decisions = await db.sql`
    select decision from private.screening_decisions order by decision_id`;
  expect(decisions.map(({ decision }) => decision)).toEqual([
    "dismissed",
    "confirmed",
    "dismissed",
  ]);
  const [audit] = await db.sql`
    select actor_kind, subject_id, details::jsonb ->> 'decision' as decision from private.audit_log
    where action = 'kyc.screening_hit_decided' order by sequence desc limit 1`;
  expect(audit).toEqual({ actor_kind: "staff", subject_id: hit.hit_id, decision: "dismissed" });
});

test("nobody else can decide: not the person, other roles, backends or anonymous callers", async ({
  db,
}) => {
  const { userId, verificationId, hit } = await arrange(db);
  for (const role of ["support", "auditor", "admin"])
    await denied(db, "NF010", user(await createStaff(db, role)), verificationId, hit);
  await denied(db, "NF010", user(userId), verificationId, hit);
  await denied(db, "42501", anon, verificationId, hit);
  await denied(db, "42501", service, verificationId, hit);
});

test("staff cannot judge a hit on itself", async ({ db }) => {
  const { userId, verificationId, hit } = await arrange(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await denied(db, "NF010", user(userId), verificationId, hit);
});

test("staff cannot judge a hit on itself under another account either", async ({ db }) => {
  const { userId, verificationId, hit, reviewer } = await arrange(db);
  await db.sql`
    update public.profiles as other
    set first_name = one.first_name, last_name = one.last_name, date_of_birth = one.date_of_birth
    from public.profiles as one
    where one.user_id = ${userId} and other.user_id = ${reviewer}`;
  await denied(db, "NF010", user(reviewer), verificationId, hit);
});

test("a hit that is unknown, or of another person, is unknown", async ({ db }) => {
  const { verificationId, hit, reviewer } = await arrange(db);
  const other = await createSubmittedApplicant(db, { first: "Anna", last: "Schmidt" });
  await denied(db, "NF020", user(reviewer), verificationId, { ...hit, hit_id: randomUUID() });
  await denied(db, "NF020", user(reviewer), other.verificationId, hit);
  await denied(db, "NF020", user(reviewer), randomUUID(), hit);
});

test("what was judged must be what the list says now", async ({ db }) => {
  const { verificationId, hit, reviewer } = await arrange(db);
  await denied(db, "NF050", user(reviewer), verificationId, {
    ...hit,
    entry_hash: "0".repeat(64),
  });
});

test("a case that somebody else holds is theirs to judge, an expired hold is not", async ({
  db,
}) => {
  const { verificationId, hit, reviewer } = await arrange(db);
  const holder = await createStaff(db, "reviewer");
  await db.sql`update private.kyc_cases
    set assignee_id = ${holder}, lease_expires_at = private.now() + interval '1 minute'`;
  await denied(db, "NF037", user(reviewer), verificationId, hit);
  await db.as(user(holder), decide(verificationId, hit));
  await db.sql`update private.kyc_cases set lease_expires_at = private.now() - interval '1 second'`;
  await db.as(user(reviewer), decide(verificationId, hit, "confirm"));
  expect(
    await hitsOf(db, (await db.sql`select user_id from private.screening_hits`)[0]?.user_id),
  ).toMatchObject([{ status: "confirmed", decided_by: reviewer }]);
});

test("an unknown decision and an empty note are refused", async ({ db }) => {
  const { verificationId, hit, reviewer } = await arrange(db);
  await denied(db, "NF001", user(reviewer), verificationId, hit, "perhaps");
  await expectDenied(db, "NF001", {
    as: user(reviewer),
    does: (sql) => sql`select private.kyc_decide_screening_hit(
      ${verificationId}, ${hit.hit_id}, 'dismiss', '', ${hit.entry_hash})`,
    keeps: (sql) => sql`select * from private.screening_hits`,
  });
});

test("decisions are written once; only their words can be erased", async ({ db }) => {
  const { verificationId, hit, reviewer } = await arrange(db);
  await db.as(user(reviewer), decide(verificationId, hit));
  for (const work of [
    "update private.screening_decisions set decision = 'confirmed'",
    "update private.screening_decisions set note = 'Another one.'",
    "delete from private.screening_decisions",
    "truncate private.screening_decisions",
  ]) {
    await expectDenied(db, "NF010", {
      as: { role: "postgres" },
      does: (sql) => sql.unsafe(work),
      keeps: (sql) => sql`select * from private.screening_decisions`,
    });
  }
  await db.sql`update private.screening_decisions set note = '[erased]'`;
});
