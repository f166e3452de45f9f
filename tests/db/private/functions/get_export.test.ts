import { expect } from "vitest";
import { test } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import { createReadyExport, later, readExport, takeExport } from "../../../helpers/db-privacy.ts";

test("an export tells how far it is, from ready to expired after a day, to the second", async ({
  db,
}) => {
  const id = await createPerson(db);
  const { export_id } = await createReadyExport(db, id);
  const ready = await readExport(db, id, export_id);
  expect(ready).toMatchObject({ status: "ready" });
  expect(ready.download_expires_at).toMatch(/Z$/);
  await later(db, "23 hours 59 minutes 59 seconds");
  expect(await readExport(db, id, export_id)).toMatchObject({ status: "ready" });
  await later(db, "1 second");
  expect(await readExport(db, id, export_id)).toMatchObject({ status: "expired" });
});

test("fetching shows, and changes the version", async ({ db }) => {
  const id = await createPerson(db);
  const { export_id } = await createReadyExport(db, id);
  const { version } = await readExport(db, id, export_id);
  await takeExport(db, id, export_id);
  expect(await readExport(db, id, export_id)).toMatchObject({
    status: "downloaded",
    version: version + 1,
  });
});
