import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import {
  claimExport,
  createReadyExport,
  later,
  readExport,
  requestExport,
  runSchedules,
  takeExport,
  the,
} from "../../../helpers/db-privacy.ts";

test("an export is finished once, by whoever holds it", async ({ db }) => {
  const id = await createPerson(db);
  const { export_id, lease_id } = await createReadyExport(db, id);
  const again = await db.as(
    service,
    (sql) => sql`select private.finish_export(${export_id}, ${lease_id}) as value`,
  );
  expect(the(again)).toEqual({ value: false });
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select private.finish_export(${export_id}, ${lease_id})`,
    keeps: (sql) => sql`select * from private.data_exports`,
  });
});

test("files go a day after the export was ready, or soon after it was fetched", async ({ db }) => {
  const [late, quick] = [await createPerson(db), await createPerson(db)];
  const [expired, fetched] = [
    await createReadyExport(db, late),
    await createReadyExport(db, quick),
  ];
  await takeExport(db, quick, fetched.export_id);
  const removed = async () => {
    const rows = await db.sql<{ id: string }[]>`
      select export_id as id from private.data_exports where removed_at is not null order by 1`;
    return rows.map((row) => row.id);
  };
  await runSchedules(db);
  expect(await removed()).toEqual([]);
  await later(db, "15 minutes");
  await runSchedules(db);
  expect(await removed()).toEqual([fetched.export_id]);
  await later(db, "1 day");
  await runSchedules(db);
  expect(await removed()).toEqual([expired.export_id, fetched.export_id].sort());
  expect(await readExport(db, late, expired.export_id)).toMatchObject({ status: "expired" });
  expect(await readExport(db, quick, fetched.export_id)).toMatchObject({ status: "downloaded" });
  expect(await requestExport(db, late)).toMatchObject({ status: "pending" });
  expect(await claimExport(db)).toMatchObject({ user_id: late });
});
