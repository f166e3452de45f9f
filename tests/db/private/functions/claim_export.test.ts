import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createSubmitted } from "../../../helpers/db-fixtures.ts";
import {
  claimExport,
  later,
  noteStep,
  readExport,
  requestExport,
  runSchedules,
} from "../../../helpers/db-privacy.ts";

test("a worker is told what to write: every section, every file, and what is left out", async ({
  db,
}) => {
  const { userId, documentId } = await createSubmitted(db);
  await requestExport(db, userId);
  const claim = await claimExport(db);
  expect(claim).toMatchObject({ user_id: userId, done: {} });
  expect(claim?.sections).toEqual(
    expect.arrayContaining(["account", "activity", "address", "consents", "profile"]),
  );
  expect(claim?.files).toEqual([
    expect.objectContaining({
      document_id: documentId,
      name: `files/passport-front-${documentId}.jpg`,
    }),
  ]);
  // Sentences for the person, who is not told how our tables are called.
  for (const sentence of claim?.left_out ?? []) expect(sentence).not.toMatch(/private\.|_/);
  expect(claim?.left_out.length).toBeGreaterThan(3);
});

test("two workers do not get the same export; after a crash the next one goes on", async ({
  db,
}) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  const first = await claimExport(db);
  if (!first) throw new Error("Nothing was claimed.");
  expect(await claimExport(db)).toBeNull();
  await noteStep(db, first, "data:profile");
  await later(db, "2 minutes");
  const second = await claimExport(db);
  expect(second).toMatchObject({ export_id: first.export_id, done: { "data:profile": [] } });
  expect(await noteStep(db, first, "data:address")).toBe(false);
});

test("an export that never gets on is given up and its files removed", async ({ db }) => {
  const id = await createPerson(db);
  const { export_id } = await requestExport(db, id);
  for (let crash = 1; crash <= 8; crash += 1) {
    expect(await claimExport(db), `try ${crash}`).toMatchObject({ export_id });
    await later(db, "2 minutes");
  }
  expect(await claimExport(db)).toBeNull();
  await runSchedules(db);
  expect(await readExport(db, id, export_id)).toMatchObject({ status: "failed" });
  const cleared = await db.sql`
    select payload ->> 'prefix' as prefix from private.outbox where subject_id = ${export_id}`;
  expect(cleared[0]).toEqual({ prefix: `${export_id}/` });
});

test("only the worker claims", async ({ db }) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select private.claim_export()`,
    keeps: (sql: Db["sql"]) => sql`select * from private.data_exports`,
  });
  expect(await db.as(service, (sql) => sql`select private.claim_export()`)).toHaveLength(1);
});
