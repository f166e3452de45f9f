import postgres from "postgres";
import { expect } from "vitest";
import {
  anon,
  type Caller,
  expectDenied,
  machine,
  migrator,
  operator,
  service,
  test,
  user,
} from "../../../helpers/db.ts";
import {
  createDraft,
  createPerson,
  createStaff,
  createSubmitted,
  createUser,
  move,
} from "../../../helpers/db-fixtures.ts";

const OWNED_BY_THE_ENGINE = {
  status: "approved",
  attempt: 0,
  max_attempts: 9,
  reason_code: "other",
  submitted_at: "2020-01-01",
  decided_at: "2020-01-01",
  deadline_at: "2020-01-01",
  expires_at: "2040-01-01",
  status_changed_at: "2020-01-01",
} as const;

test("a person can read the own verifications and no others", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const rows = await db.as(
    user(userId),
    (sql) => sql`select verification_id, status from public.kyc_verifications`,
  );
  expect([...rows]).toEqual([{ verification_id: verificationId, status: "submitted" }]);
  const other = await createUser(db);
  expect(await db.as(user(other), (sql) => sql`select from public.kyc_verifications`)).toHaveLength(
    0,
  );
});

test("[ENGINE-01] [PROP-02] no API role writes a verification, whatever the column", async ({
  db,
}) => {
  const { userId, verificationId } = await createSubmitted(db);
  const keeps = (sql: typeof db.sql) =>
    sql`select * from public.kyc_verifications where verification_id = ${verificationId}`;
  const callers: Caller[] = [anon, user(userId), service];
  for (const role of ["reviewer", "approver", "compliance_admin", "admin"])
    callers.push(user(await createStaff(db, role)));
  for (const as of callers) {
    for (const [column, value] of Object.entries({ ...OWNED_BY_THE_ENGINE, version: 9 })) {
      await expectDenied(db, "42501", {
        as,
        does: (sql) =>
          sql`update public.kyc_verifications set ${sql({ [column]: value })} where verification_id = ${verificationId}`,
        keeps,
      });
    }
    await expectDenied(db, "42501", {
      as,
      does: (sql) =>
        sql`delete from public.kyc_verifications where verification_id = ${verificationId}`,
      keeps,
    });
    await expectDenied(db, "42501", {
      as,
      does: (
        sql,
      ) => sql`insert into public.kyc_verifications (user_id, status, max_attempts, expires_at)
        values (${userId}, 'approved', 3, '2040-01-01')`,
      keeps,
    });
  }
});

test.for(Object.entries(OWNED_BY_THE_ENGINE))(
  "not even the role that owns the functions writes %s past the transition function",
  async ([column, value], { db }) => {
    const { verificationId } = await createSubmitted(db);
    await expectDenied(db, "NF010", {
      as: migrator,
      does: (sql) =>
        sql`update public.kyc_verifications set ${sql({ [column]: value })} where verification_id = ${verificationId}`,
      keeps: (sql) =>
        sql`select * from public.kyc_verifications where verification_id = ${verificationId}`,
    });
  },
);

test("[ENGINE-01] no role of the platform can become the one that may write status", async ({
  db,
}) => {
  for (const role of ["postgres", "anon", "authenticated", "service_role", "authenticator"]) {
    const [row] = await db.sql`select pg_has_role(${role}, 'nff_engine', 'SET') as can`;
    expect(row, role).toEqual({ can: false });
  }
  const [engine] =
    await db.sql`select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'nff_engine'`;
  expect(engine).toEqual({ rolcanlogin: false, rolsuper: false, rolbypassrls: false });
});

test("a verification starts as a draft, whoever inserts it", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "NF010", {
    as: migrator,
    does: (
      sql,
    ) => sql`insert into public.kyc_verifications (user_id, status, max_attempts, expires_at)
      values (${id}, 'approved', 3, '2040-01-01')`,
    keeps: (sql) => sql`select * from public.kyc_verifications where user_id = ${id}`,
  });
});

test("a person has one open verification at most", async ({ db }) => {
  const id = await createPerson(db);
  await createDraft(db, id);
  await expectDenied(db, "23505", {
    as: migrator,
    does: (sql) =>
      sql`insert into public.kyc_verifications (user_id, max_attempts) values (${id}, 3)`,
    keeps: (sql) => sql`select * from public.kyc_verifications where user_id = ${id}`,
  });
});

test("an internal reason cannot be stored where the person could read it", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "rejected", "provider", "document_fraud");
  const [row] = await db.sql`
    select v.reason_code as shown, c.reason_code as internal
    from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
    where verification_id = ${verificationId}`;
  expect(row).toEqual({ shown: null, internal: "document_fraud" });
  await expect(
    db.sql.savepoint((sql) => sql`select 'document_fraud'::public.kyc_user_reason_code`),
  ).rejects.toMatchObject({ code: "22P02" });
});

test("[ENGINE-01] whatever role of the server tries, staff and machines included, it is refused", async ({
  db,
  database,
}) => {
  const { userId, verificationId } = await createSubmitted(db);
  const staff: string[] = [];
  for (const role of ["support", "auditor"]) staff.push(await createStaff(db, role));
  const callers: Caller[] = [
    ...staff.map((id) => user(id)),
    ...staff.map((id) => operator(id)),
    machine(userId),
  ];
  const update = (sql: typeof db.sql) =>
    sql`update public.kyc_verifications set status = 'approved' where verification_id = ${verificationId}`;
  const move = (sql: typeof db.sql) =>
    sql`select private.kyc_transition(${verificationId}, 'approved', 'provider', 'x')`;
  const keeps = (sql: typeof db.sql) =>
    sql`select * from public.kyc_verifications where verification_id = ${verificationId}`;
  for (const as of callers) {
    await expectDenied(db, "42501", { as, does: update, keeps });
    await expectDenied(db, "42501", { as, does: move, keeps });
  }

  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    // The role that migrates is tried above: it may call the function and meets the guard of the table.
    const roles = await admin<{ name: string }[]>`
      select rolname as name from pg_roles
      where not rolsuper and rolname not in ('nff_engine', 'postgres') and not starts_with(rolname, 'pg_')
      order by 1`;
    expect(roles.length).toBeGreaterThan(6);
    for (const { name } of roles) {
      for (const attempt of [
        "update public.kyc_verifications set status = 'approved'",
        "insert into public.kyc_verifications (user_id, status, max_attempts) select gen_random_uuid(), 'approved', 3",
        "delete from public.kyc_verifications",
        "truncate public.kyc_verifications cascade",
        "select private.kyc_transition(gen_random_uuid(), 'approved', 'provider', 'x')",
      ]) {
        const outcome = await admin
          .begin(async (sql) => {
            await sql`select set_config('role', ${name}, true)`;
            await sql.unsafe(attempt);
          })
          .catch((error: { code: string }) => error.code);
        expect(outcome, `${name}: ${attempt}`).toBe("42501");
      }
    }
  } finally {
    await admin.end();
  }
});
