import { expect } from "vitest";
import { type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import {
  actionsOf,
  createReadyExport,
  later,
  requestExport,
  takeExport,
} from "../../../helpers/db-privacy.ts";

const keeps = (sql: Db["sql"]) => sql`select * from private.data_exports order by export_id`;
const take = (id: string) => (sql: Db["sql"]) => sql`select private.take_export(${id})`;

test("the link of an export works once", async ({ db }) => {
  const id = await createPerson(db);
  const { export_id } = await createReadyExport(db, id);
  expect(await takeExport(db, id, export_id)).toEqual([
    { path: `${export_id}/contents`, name: "contents.json" },
  ]);
  await expectDenied(db, "NF046", { as: user(id), does: take(export_id), keeps });
  expect((await actionsOf(db, id)).slice(-3)).toEqual([
    "user.export_requested",
    "user.export_ready",
    "user.export_downloaded",
  ]);
});

test("it works for a day and not before the export is ready", async ({ db }) => {
  const [patient, late] = [await createPerson(db), await createPerson(db)];
  const { export_id: ready } = await createReadyExport(db, late);
  const { export_id: pending } = await requestExport(db, patient);
  await expectDenied(db, "NF042", { as: user(patient), does: take(pending), keeps });
  await later(db, "24 hours");
  await expectDenied(db, "NF046", { as: user(late), does: take(ready), keeps });
});
