import { createHash } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import { later, the } from "../../../helpers/db-privacy.ts";

interface Text {
  document: string;
  version: string;
  text: string;
  text_sha256: string;
}

async function list(db: Db): Promise<Text[]> {
  const rows = await db.as(
    anon,
    (sql) => sql<{ texts: Text[] }[]>`select private.list_consent_documents() as texts`,
  );
  return the(rows).texts;
}

test("everybody reads the texts in force, one per document, with the hash of what is shown", async ({
  db,
}) => {
  const texts = await list(db);
  expect(texts.map(({ document }) => document)).toEqual(["terms", "privacy", "kyc_processing"]);
  for (const { text, text_sha256 } of texts) {
    expect(createHash("sha256").update(text).digest("hex")).toBe(text_sha256);
  }
});

test("a version is in force from its moment on, and then everybody has to consent again", async ({
  db,
}) => {
  const id = await createPerson(db);
  const missing = async () => {
    const rows = await db.sql<{ value: { kind: string; field: string }[] }[]>`
      select private.kyc_person_requirements(${id}) as value`;
    return the(rows).value.map(({ kind, field }) => `${kind} ${field}`);
  };
  await db.sql`select private.publish_consent_document('terms', '2027-01-01', 'New terms.',
    private.now() + '1 day')`;
  expect((await list(db))[0]?.version).toBe("2026-11-01");
  expect(await missing()).toEqual([]);
  await later(db, "1 day");
  expect((await list(db))[0]).toMatchObject({ version: "2027-01-01", text: "New terms." });
  expect(await missing()).toEqual(["consent terms"]);
  await expectDenied(db, "NF045", {
    as: user(id),
    does: (sql) => sql`select private.record_consent('terms', '2026-11-01')`,
    keeps: (sql) => sql`select * from public.consents where user_id = ${id}`,
  });
  await db.as(user(id), (sql) => sql`select private.record_consent('terms', '2027-01-01')`);
  expect(await missing()).toEqual([]);
});

test("a published text is never changed, and no API role publishes one", async ({ db }) => {
  const id = await createPerson(db);
  const keeps = (sql: Db["sql"]) => sql`select * from private.consent_documents order by 1, 2`;
  await expectDenied(db, "NF010", {
    as: { role: "postgres" },
    does: (sql) => sql`update private.consent_documents set text = 'Other.'`,
    keeps,
  });
  for (const as of [anon, user(id), service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.publish_consent_document('terms', '9', 'Mine.')`,
      keeps,
    });
  }
});
