import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createProcessing, createStaff, move } from "../../../helpers/db-fixtures.ts";

interface Entry {
  readonly item: {
    readonly actor_kind: string;
    readonly action: string;
    readonly subject_id: string;
    readonly request_id: string | null;
  };
  readonly position: string;
}

const list = (db: Db, id: string, limit = 100, before: string | null = null) =>
  db.as(
    user(id),
    (sql) => sql<Entry[]>`select item, position from private.list_my_activity(${limit}, ${before})`,
  );

test("a person sees what they did and what became of it, newest first", async ({ db }) => {
  const { userId, verificationId } = await createProcessing(db);
  const entries = await list(db, userId);
  expect(entries[0]?.item).toMatchObject({
    actor_kind: "system",
    action: "kyc.transition",
    subject_id: verificationId,
  });
  const positions = entries.map(({ position }) => position);
  expect(positions).toEqual([...positions].sort().reverse());
  expect(new Set(entries.map(({ item }) => item.action))).toEqual(
    new Set([
      "kyc.created",
      "kyc.document_added",
      "kyc.document_uploaded",
      "kyc.transition",
      "user.address_changed",
      "user.consent_recorded",
      "user.profile_changed",
    ]),
  );
});

test("pages join without gap or double, however small", async ({ db }) => {
  const { userId } = await createProcessing(db);
  const whole = (await list(db, userId)).map(({ position }) => position);
  const paged: string[] = [];
  for (;;) {
    const page = await list(db, userId, 2, paged.at(-1) ?? null);
    if (page.length === 0) break;
    paged.push(...page.map(({ position }) => position));
  }
  expect(paged).toEqual(whole);
});

test("staff is not named, reasons are left out, and looking at a case does not show", async ({
  db,
}) => {
  const { userId, verificationId } = await createProcessing(db);
  const reviewer = await createStaff(db, "reviewer");
  await move(db, verificationId, "in_review", "staff", "sanctions_hit");
  await db.as(user(reviewer), (sql) => sql`select private.kyc_case(${verificationId})`);
  const entries = await list(db, userId);
  const text = JSON.stringify(entries);
  expect(text).not.toContain(reviewer);
  expect(text).not.toContain("sanctions");
  expect(entries.map(({ item }) => item.action)).not.toContain("kyc.case_read");
  const own = await list(db, reviewer);
  expect(own.map(({ item }) => item.action)).toContain("kyc.case_read");
});

test("nobody sees the activity of somebody else", async ({ db }) => {
  const { userId, verificationId } = await createProcessing(db);
  const other = await createPerson(db);
  const text = JSON.stringify(await list(db, other));
  expect(text).toContain("user.profile_changed");
  expect(text).not.toContain(userId);
  expect(text).not.toContain(verificationId);
});

test("a deleted account and callers without a person are refused", async ({ db }) => {
  const id = await createPerson(db);
  const does = (sql: Db["sql"]) => sql`select * from private.list_my_activity(10)`;
  const keeps = (sql: Db["sql"]) => sql`select count(*) from private.audit_log`;
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does, keeps });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  expect(await list(db, id)).not.toEqual([]);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does, keeps });
});
