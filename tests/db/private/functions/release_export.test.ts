import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import {
  actionsOf,
  claimExport,
  later,
  noteStep,
  requestExport,
  the,
} from "../../../helpers/db-privacy.ts";

async function release(db: Db, error: string | null): Promise<string> {
  const claim = await claimExport(db);
  if (!claim) throw new Error("Nothing was claimed.");
  const rows = await db.as(
    service,
    (sql) => sql<{ value: string }[]>`
      select private.release_export(${claim.export_id}, ${claim.lease_id}, ${error}) as value`,
  );
  return the(rows).value;
}

test("an export that ran out of time goes on at once, as often as it takes", async ({ db }) => {
  await requestExport(db, await createPerson(db));
  for (let run = 0; run < 12; run += 1) expect(await release(db, null)).toBe("pending");
});

test("one that fails is tried again later, and given up after eight failures", async ({ db }) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  for (let failure = 1; failure < 8; failure += 1) {
    expect(await release(db, "storage")).toBe("pending");
    expect(await claimExport(db)).toBeNull();
    await later(db, "4 hours");
  }
  expect(await release(db, "storage")).toBe("failed");
  expect((await actionsOf(db, id)).at(-1)).toBe("user.export_failed");
});

test("a failure after a step that succeeded is the first one again", async ({ db }) => {
  await requestExport(db, await createPerson(db));
  const claim = await claimExport(db);
  if (!claim) throw new Error("Nothing was claimed.");
  await noteStep(db, claim, "data:profile");
  const rows = await db.as(
    service,
    (sql) => sql<{ value: string }[]>`
      select private.release_export(${claim.export_id}, ${claim.lease_id}, 'storage') as value`,
  );
  expect(the(rows).value).toBe("pending");
  expect(await claimExport(db)).toBeNull();
  await later(db, "10 seconds");
  expect(await claimExport(db)).toMatchObject({ done: { "data:profile": [] } });
});

test("only the worker gives exports back", async ({ db }) => {
  const id = await createPerson(db);
  await requestExport(db, id);
  const claim = await claimExport(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) =>
      sql`select private.release_export(${claim?.export_id ?? ""}, ${claim?.lease_id ?? ""})`,
    keeps: (sql) => sql`select * from private.data_exports`,
  });
});
