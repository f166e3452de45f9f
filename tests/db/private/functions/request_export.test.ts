import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson } from "../../../helpers/db-fixtures.ts";
import {
  actionsOf,
  createReadyExport,
  requestExport,
  takeExport,
} from "../../../helpers/db-privacy.ts";

const keeps = (sql: Db["sql"]) => sql`select * from private.data_exports order by export_id`;
const ask = (sql: Db["sql"]) => sql`select private.request_export()`;

test("one export is made at a time", async ({ db }) => {
  const id = await createPerson(db);
  expect(await requestExport(db, id)).toMatchObject({
    status: "pending",
    version: 1,
    download_expires_at: null,
  });
  await expectDenied(db, "NF042", { as: user(id), does: ask, keeps });
  // Somebody else's does not stand in the way.
  expect(await requestExport(db, await createPerson(db))).toMatchObject({ status: "pending" });
  expect((await actionsOf(db, id)).at(-1)).toBe("user.export_requested");
});

test("asking again after it is ready takes the older one back, so that one archive exists at most", async ({
  db,
}) => {
  const id = await createPerson(db);
  const { export_id: older } = await createReadyExport(db, id);
  await requestExport(db, id);
  await expectDenied(db, "NF046", {
    as: user(id),
    does: (sql) => sql`select private.take_export(${older})`,
    keeps,
  });
  const [clear] = await db.sql`
    select payload from private.outbox where subject_id = ${older} and topic = 'storage.clear'`;
  expect(clear?.payload).toEqual({ bucket: "exports", prefix: `${older}/` });
});

test("a suspended person may ask, a deleted one and callers without a person may not", async ({
  db,
}) => {
  const [suspended, deleted] = [await createPerson(db), await createPerson(db)];
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${suspended}`;
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${deleted}`;
  expect(await requestExport(db, suspended)).toMatchObject({ status: "pending" });
  await expectDenied(db, "NF012", { as: user(deleted), does: ask, keeps });
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does: ask, keeps });
});

test("an export of somebody else is as good as none", async ({ db }) => {
  const [owner, other] = [await createPerson(db), await createPerson(db)];
  const { export_id: id } = await createReadyExport(db, owner);
  for (const does of [
    (sql: Db["sql"]) => sql`select private.get_export(${id})`,
    (sql: Db["sql"]) => sql`select private.take_export(${id})`,
  ]) {
    await expectDenied(db, "NF020", { as: user(other), does, keeps });
    await expectDenied(db, "42501", { as: service, does, keeps });
  }
  expect(await takeExport(db, owner, id)).toHaveLength(1);
});
