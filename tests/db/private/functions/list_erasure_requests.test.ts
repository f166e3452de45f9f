import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createProcessing, createStaff } from "../../../helpers/db-fixtures.ts";
import { later, requestErasure } from "../../../helpers/db-privacy.ts";

interface Row {
  readonly item: { readonly user_id: string; readonly status: string };
  readonly position: string;
}

interface Filter {
  status?: string[];
  user_id?: string;
  erasable_before?: string;
}

const list =
  (filter: Filter = {}, { newestFirst = true, limit = 10, after = "" } = {}) =>
  (sql: Db["sql"]) =>
    sql<Row[]>`select item, position
      from private.list_erasure_requests(${sql.json({ ...filter })}, ${newestFirst}, ${limit}, ${after || null})`;

test("staff lists requests by time, status, person and end of retention", async ({ db }) => {
  const auditor = user(await createStaff(db, "auditor"));
  const [first, second] = [await createPerson(db), await createPerson(db)];
  const { userId: third } = await createProcessing(db);
  for (const id of [first, second, third]) {
    await requestErasure(db, id);
    await later(db, "1 minute");
  }
  const ids = async (...args: Parameters<typeof list>) =>
    (await db.as(auditor, list(...args))).map(({ item }) => item.user_id);
  expect(await ids()).toEqual([third, second, first]);
  expect(await ids({}, { newestFirst: false })).toEqual([first, second, third]);
  const [top] = await db.as(auditor, list({}, { limit: 1 }));
  expect(await ids({}, { after: top?.position ?? "" })).toEqual([second, first]);
  const [bottom] = await db.as(auditor, list({}, { newestFirst: false, limit: 1 }));
  expect(await ids({}, { newestFirst: false, after: bottom?.position ?? "" })).toEqual([
    second,
    third,
  ]);
  expect(await ids({ status: ["scheduled", "completed"] })).toEqual([third]);
  expect(await ids({ user_id: second })).toEqual([second]);
  expect(await ids({ erasable_before: "9999-01-01T00:00:00Z" })).toEqual([third]);
  expect(await ids({ erasable_before: "2027-01-01T00:00:00Z" })).toEqual([]);
  expect(top?.item).toEqual({
    erasure_request_id: expect.any(String),
    user_id: third,
    status: "scheduled",
    requested_at: expect.stringMatching(/Z$/),
    erased_now: ["account", "contact_details", "event_bodies"],
    erasable_after: expect.stringMatching(/Z$/),
    provider_erased_at: null,
    completed_at: null,
  });
});

test("compliance administrators, auditors and administrators may look, nobody else", async ({
  db,
}) => {
  const keeps = (sql: Db["sql"]) => sql`select * from private.erasure_requests`;
  for (const role of ["compliance_admin", "auditor", "admin"]) {
    expect(await db.as(user(await createStaff(db, role)), list())).toEqual([]);
  }
  for (const role of ["support", "reviewer", "approver"]) {
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: list(),
      keeps,
    });
  }
  await expectDenied(db, "NF010", { as: user(await createPerson(db)), does: list(), keeps });
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does: list(), keeps });
});
