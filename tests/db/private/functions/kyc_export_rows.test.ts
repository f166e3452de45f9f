import { expect } from "vitest";
import { test, user } from "../../../helpers/db.ts";
import { createDraft, createPerson, createStaff } from "../../../helpers/db-fixtures.ts";

test("rows come in the order of the ids, and ids of nothing are left out", async ({ db }) => {
  const [first, second] = [
    await createDraft(db, await createPerson(db)),
    await createDraft(db, await createPerson(db)),
  ];
  const staff = await createStaff(db, "auditor");
  const rows = await db.as(
    user(staff),
    (sql) => sql<{ cells: (string | number | null)[] }[]>`
      select cells from private.kyc_export_rows(${sql.json([second, crypto.randomUUID(), first])}) as cells`,
  );
  expect(rows.map(({ cells }) => cells[0])).toEqual([second, first]);
  for (const { cells } of rows) {
    expect(cells).toHaveLength(12);
    expect(cells.slice(2, 4)).toEqual(["draft", 0]);
    expect(cells[8]).toMatch(/^\d{4}-\d\d-\d\dT.*\.\d{3}Z$/);
    expect(cells[9]).toBeNull();
  }
});
