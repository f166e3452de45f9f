import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createProcessing,
  createStaff,
  createSubmitted,
  newSha256,
} from "../../../helpers/db-fixtures.ts";

const read = (verificationId: string) => (sql: Sql) =>
  sql`select private.kyc_case(${verificationId}) as body`;

test("staff sees the whole case, and the read is audited", async ({ db }) => {
  const { userId, verificationId, documentId, reference } = await createProcessing(db);
  await ingest(db, {
    event_id: "evt_case",
    outcome: "in_review",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["pep_hit"],
    risk_score: 70,
  });
  const staff = await createStaff(db, "reviewer");
  const [row] = await db.as(user(staff), read(verificationId));
  expect(row?.body).toMatchObject({
    verification: {
      verification_id: verificationId,
      risk_level: "high",
      internal_reason_code: "pep_hit",
    },
    subject: {
      user_id: userId,
      last_name: "Schmidt",
      address: { city: "Berlin" },
      is_suspended: false,
    },
    attempts: [
      {
        attempt: 1,
        provider_reference: reference,
        provider_outcome: "in_review",
        provider_reason_codes: ["pep_hit"],
      },
    ],
    documents: [{ document_id: documentId, width_px: 1200, purge_after: null }],
    risk: { level: "high", score: 70 },
    reviews: [],
    notes: [],
    pending_approval: null,
  });
  expect(row?.body.timeline.at(-1)).toMatchObject({
    action: "kyc.case_read",
    actor: "staff",
    actor_id: staff,
  });
  expect(row?.body.timeline).toContainEqual(
    expect.objectContaining({
      to_status: "in_review",
      event_reference: "evt_case",
      internal_reason_code: "pep_hit",
    }),
  );
});

test("a file that another person has shown points to the other case, the own ones do not", async ({
  db,
}) => {
  const sha256 = newSha256();
  const [first, second] = [await createPerson(db), await createPerson(db)];
  const [one, two] = [await createDraft(db, first), await createDraft(db, second)];
  await addDocument(db, first, one, { sha256 });
  await addDocument(db, first, one, { type: "selfie", sha256 });
  await addDocument(db, second, two, { sha256 });
  const [row] = await db.as(user(await createStaff(db, "reviewer")), read(one));
  expect(row?.body.duplicates).toEqual([
    {
      verification_id: two,
      user_id: second,
      match: "document_sha256",
      status: "draft",
      created_at: expect.any(String),
    },
  ]);
});

test("people, anonymous callers and backends cannot read a case, not even their own", async ({
  db,
}) => {
  const { userId, verificationId } = await createSubmitted(db);
  const keeps = (sql: Sql) =>
    sql`select * from private.audit_heads where stream = 'kyc:' || ${verificationId}::text`;
  await expectDenied(db, "NF010", { as: user(userId), does: read(verificationId), keeps });
  await expectDenied(db, "42501", { as: anon, does: read(verificationId), keeps });
  await expectDenied(db, "42501", { as: service, does: read(verificationId), keeps });
});

test("an unknown case is unknown", async ({ db }) => {
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "auditor")),
    does: read(randomUUID()),
    keeps: (sql) => sql`select count(*) from private.kyc_cases`,
  });
});

test("[QUEUE-02] nobody reads the own case, whatever the role: it says what the person must not be told", async ({
  db,
}) => {
  const { userId, verificationId } = await createSubmitted(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", {
    as: user(userId),
    does: read(verificationId),
    keeps: (sql) =>
      sql`select sequence from private.audit_heads where stream = 'kyc:' || ${verificationId}::text`,
  });
});

/** Somebody of this name who has submitted from this device. */
async function submitFrom(db: Db, person: { first?: string; last?: string; device?: string }) {
  const userId = await createPerson(db);
  await db.sql`update public.profiles set first_name = ${person.first ?? randomUUID()}, last_name = ${person.last ?? "Muster"}
    where user_id = ${userId}`;
  const verificationId = await createDraft(db, userId);
  await addDocument(db, userId, verificationId);
  await db.as(
    user(userId),
    (sql) => sql`select private.kyc_submit(${verificationId}, ${person.device ?? null})`,
  );
  return verificationId;
}

test("related cases: the same person by name and birth date however it is written, the same device", async ({
  db,
}) => {
  const own = await submitFrom(db, { first: "Zoë", last: "Müller", device: "device-0001" });
  const namesake = await submitFrom(db, { first: "zoe", last: "MÜLLER" });
  const neighbour = await submitFrom(db, { device: "device-0001" });
  await submitFrom(db, { device: "device-0002" });
  const [row] = await db.as(user(await createStaff(db, "reviewer")), read(own));
  expect(
    row?.body.duplicates.map((each: Record<string, string>) => [each.verification_id, each.match]),
  ).toEqual([
    [namesake, "name_and_date_of_birth"],
    [neighbour, "device"],
  ]);
});

test("what a device is called is stored nowhere", async ({ db }) => {
  await submitFrom(db, { device: "device-secret-0001" });
  const [row] = await db.sql`select string_agg(query_to_xml(
    format('select t::text from %s as t', c.oid::regclass), false, false, '')::text, '') as text
    from pg_class as c where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('public', 'private')`;
  expect(row?.text.length).toBeGreaterThan(1000);
  expect(row?.text).not.toContain("device-secret-0001");
});

test("related cases: the same document by its number, however it is written, of the same country", async ({
  db,
}) => {
  const numbered = async (document_number: string | null, issuing_country = "DE") => {
    const { userId, verificationId, reference } = await createProcessing(db);
    await db.sql`update public.profiles set last_name = ${randomUUID()} where user_id = ${userId}`;
    await ingest(db, {
      outcome: "approved",
      provider_reference: reference,
      sequence: 1,
      extracted: { document_number, issuing_country },
    });
    return verificationId;
  };
  const [own, same] = [await numbered("C01X00T47"), await numbered("c01x-00 t47")];
  await numbered("C01X00T47", "AT");
  await numbered("C01X00T48");
  const [nameless] = [await numbered(null), await numbered(null)];
  const staff = user(await createStaff(db, "reviewer"));
  const numbersOf = async (verificationId: string) => {
    const [row] = await db.as(staff, read(verificationId));
    return row?.body.duplicates
      .filter((each: Record<string, string>) => each.match === "document_number")
      .map((each: Record<string, string>) => each.verification_id);
  };
  expect(await numbersOf(own)).toEqual([same]);
  expect(await numbersOf(nameless)).toEqual([]);
});
