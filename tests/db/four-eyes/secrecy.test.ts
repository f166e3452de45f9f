import { describe, expect } from "vitest";
import { type Db, service, test, user } from "../../helpers/db.ts";
import { createStaff } from "../../helpers/db-fixtures.ts";
import { createPending, vote } from "../../helpers/db-four-eyes.ts";

const ROLES = ["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"];

/** Everything that this person may be shown of a case by any function of staff. */
async function shown(db: Db, id: string, verificationId: string): Promise<string> {
  const rows = await db.as(
    user(id),
    (sql) => sql`
    select private.kyc_case(${verificationId})::text as text
    union all
    select item::text from private.kyc_list_cases('{}', 'waiting_since', null, 100)`,
  );
  return JSON.stringify(rows);
}

/** Where the reasons of the first person stand: tables with a row that holds them. */
async function tablesWith(db: Db, word: string): Promise<string[]> {
  const found = await db.sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class as c
    where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and (xpath('//n/text()', query_to_xml(
        format('select count(*) as n from %s as t where t::text like %L', c.oid::regclass, '%' || ${word}::text || '%'),
        true, false, '')))[1]::text::integer > 0
    order by 1`;
  return found.map(({ name }) => name);
}

describe("[EYES-04] the reasons of the first person, until the second has voted", () => {
  test("nobody is shown them, whatever the role, the first one included", async ({ db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    const readers = [first, second];
    for (const role of ROLES) readers.push(await createStaff(db, role));
    for (const id of readers) {
      const text = await shown(db, id, verificationId);
      expect(text).toContain(pending.approval_id);
      expect(text).not.toMatch(/xylophone|known_fraud/);
    }
    await vote(db, second, verificationId, pending);
    for (const id of readers) expect(await shown(db, id, verificationId)).toMatch(/xylophone/);
  });

  test("they stand in one table that no role reads, and neither in the audit nor in an event", async ({
    db,
  }) => {
    const { verificationId, second, pending } = await createPending(db);
    expect(await tablesWith(db, "xylophone")).toEqual(["private.kyc_approvals"]);
    const [audit] = await db.sql`
      select count(*)::integer as entries from private.audit_log
      where stream = 'kyc:' || ${verificationId}::text and (reason_code = 'known_fraud' or details like '%known_fraud%')`;
    expect(audit).toEqual({ entries: 0 });
    for (const as of [user(second), service]) {
      await expect(
        db.as(as, (sql) => sql`select * from private.kyc_approvals`),
      ).rejects.toMatchObject({ code: "42501" });
    }
    await vote(db, second, verificationId, pending);
    expect(await tablesWith(db, "xylophone")).toEqual([
      "private.kyc_approvals",
      "private.kyc_reviews",
    ]);
  });

  test("the hash of a request does not give them away", async ({ db }) => {
    const { verificationId, pending } = await createPending(db, "request_resubmission");
    const hashOf = async () => {
      const [row] = await db.sql<{ hash: string }[]>`
        select private.kyc_request_hash(a) as hash from private.kyc_approvals as a where verification_id = ${verificationId}`;
      return row?.hash;
    };
    expect(await hashOf()).toBe(pending.request_hash);
    await db.sql`alter table private.kyc_approvals disable trigger user`;
    await db.sql`update private.kyc_approvals set reason_code = 'other', note = null,
      documents = jsonb_set(documents, '{0,reason_code}', '"other"') where verification_id = ${verificationId}`;
    expect(await hashOf()).toBe(pending.request_hash);
  });

  test("the person sees nothing of a request: not its existence, not a new version", async ({
    db,
  }) => {
    const { userId, verificationId, second, pending } = await createPending(db);
    const seen = async () => {
      const rows = await db.as(
        user(userId),
        (sql) => sql`
        select private.kyc_get_verification(${verificationId})::text as text
        union all select private.kyc_projection()::text
        union all select to_jsonb(v)::text from public.kyc_verifications as v
        union all select entry::text from private.kyc_timeline(${verificationId}, 100)`,
      );
      return JSON.stringify(rows);
    };
    const before = await seen();
    await vote(db, second, verificationId, pending, { vote: "decline", reason: "other" });
    expect(await seen()).toBe(before);
    expect(before).toContain(`\\"version\\": ${pending.version}`);
  });
});
