import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import {
  completePerson,
  createDraft,
  createPerson,
  createStaff,
  createUser,
} from "../../../helpers/db-fixtures.ts";
import { auditOf, createSession } from "../../../helpers/db-operators.ts";

const get = async (db: Db, actor: string, id: string) => {
  const [row] = await db.as(user(actor), (sql) => sql`select private.get_user(${id}) as answer`);
  return row?.answer;
};

test.for(["support", "compliance_admin", "auditor", "admin"])(
  "%s reads a whole account, and the audit says so",
  async (role, { db }) => {
    const [staff, id] = [await createStaff(db, role), await createPerson(db)];
    const verification_id = await createDraft(db, id);
    await createSession(db, id);
    await db.sql`update auth.sessions set not_after = now() - interval '1 second' where user_id = ${id}`;
    await createSession(db, id);
    const answer = await get(db, staff, id);
    expect(answer).toMatchObject({
      user: { user_id: id, account_status: "active", kyc_status: "action_required", country: "DE" },
      profile: { first_name: "Anna", date_of_birth: "1990-04-23" },
      address: { city: "Berlin" },
      suspension: null,
      verifications: [
        {
          verification_id,
          status: "draft",
          internal_reason_code: null,
          risk_level: null,
          attempt: 0,
          decided_at: null,
          expires_at: null,
        },
      ],
      role_grants: [],
      pending_role_change: null,
      active_sessions: 1,
      second_factor_enrolled: false,
    });
    expect(new Set(answer.consents.map(({ document }: { document: string }) => document))).toEqual(
      new Set(["terms", "privacy", "kyc_processing"]),
    );
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
      action: "user.read",
      actor_kind: "staff",
      actor_id: staff,
      details: "{}",
    });
  },
);

test("why somebody is suspended, which roles they have, and whether they have a second factor", async ({
  db,
}) => {
  const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
  await db.as(
    user(admin),
    (sql) => sql`select private.put_user_roles(${id}, '["support"]', null, null)`,
  );
  await db.as(
    user(admin),
    (sql) => sql`select private.put_user_roles(${id}, '["support", "admin"]', null, null)`,
  );
  await db.as(
    user(admin),
    (sql) => sql`select private.suspend_user(${id}, 'user_request', 'Lost phone.', null)`,
  );
  await db.sql`
    insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
    values (${randomUUID()}, ${id}, 'totp', 'unverified', now(), now())`;
  expect(await get(db, admin, id)).toMatchObject({
    user: { account_status: "suspended", roles: ["support"] },
    suspension: { reason_code: "user_request", note: "Lost phone.", suspended_by: admin },
    role_grants: [{ role: "support", granted_by: admin }],
    pending_role_change: {
      roles: expect.arrayContaining(["support", "admin"]),
      requested_by: admin,
    },
    second_factor_enrolled: false,
  });
  await db.sql`update auth.mfa_factors set status = 'verified' where user_id = ${id}`;
  await db.as(user(admin), (sql) => sql`select private.reinstate_user(${id}, null, null)`);
  expect(await get(db, admin, id)).toMatchObject({
    suspension: null,
    second_factor_enrolled: true,
  });
});

test("of the own account, or another one of the same person, what is kept from the person is not told", async ({
  db,
}) => {
  const staff = await createStaff(db, "auditor", "support");
  await completePerson(db, staff);
  const verification = await createDraft(db, staff);
  await db.sql`update private.kyc_cases set risk_level = 'critical', reason_code = 'sanctions_hit'
    where verification_id = ${verification}`;
  const told = async (actor: string) => (await get(db, actor, staff)).verifications[0];
  expect(await told(await createStaff(db, "support"))).toMatchObject({
    risk_level: "critical",
    internal_reason_code: "sanctions_hit",
  });
  expect(await told(staff)).toMatchObject({ risk_level: null, internal_reason_code: null });
});

test("the history is newest first, and deleted accounts are found too", async ({ db }) => {
  const [staff, id] = [await createStaff(db, "support"), await createPerson(db)];
  const first = await createDraft(db, id);
  await db.as(user(id), (sql) => sql`select private.kyc_cancel_verification(${first})`);
  const second = await createDraft(db, id);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  const answer = await get(db, staff, id);
  expect(answer.user.account_status).toBe("soft_deleted");
  const ids = answer.verifications.map(
    ({ verification_id }: { verification_id: string }) => verification_id,
  );
  expect(ids).toEqual([second, first]);
});

test.for(["reviewer", "approver"])(
  "[FUNC-01] not by %s, and nobody is NF020",
  async (role, { db }) => {
    const id = await createUser(db);
    const keeps = (sql: Db["sql"]) => sql`select count(*) from private.audit_log`;
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: (sql) => sql`select private.get_user(${id})`,
      keeps,
    });
    await expectDenied(db, "NF020", {
      as: user(await createStaff(db, "auditor")),
      does: (sql) => sql`select private.get_user(${randomUUID()})`,
      keeps,
    });
  },
);
