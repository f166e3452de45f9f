import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import {
  claimExport,
  later,
  noteStep,
  requestErasure,
  requestExport,
} from "../../../helpers/db-privacy.ts";

test("a step renews the lease, and an erasure ends the export under the worker's hands", async ({
  db,
}) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  const claim = await claimExport(db);
  if (!claim) throw new Error("Nothing was claimed.");
  await later(db, "90 seconds");
  expect(await noteStep(db, claim, "data:profile")).toBe(true);
  await later(db, "90 seconds");
  expect(await claimExport(db)).toBeNull();
  await requestErasure(db, id);
  expect(await noteStep(db, claim, "data:address")).toBe(false);
  // What the worker was writing meanwhile goes with a second removal, after its lease.
  const clears = await db.sql`
    select next_attempt_at > private.now() as is_late from private.outbox
    where subject_id = ${claim.export_id} and topic = 'storage.clear' order by 1`;
  expect([...clears]).toEqual([{ is_late: false }, { is_late: true }]);
});

test("only the worker notes steps", async ({ db }) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  const claim = await claimExport(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) =>
      sql`select private.export_step(${claim?.export_id ?? ""}, ${claim?.lease_id ?? ""}, 'x', '[]')`,
    keeps: (sql) => sql`select * from private.data_exports`,
  });
});
