import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { address, createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("the first address is made, the second takes its place", async ({ db }) => {
  const id = await createUser(db);
  const put = (city: string, version: number) =>
    db.as(
      user(id),
      (sql) =>
        sql`select private.put_my_address(${sql.json(address({ city }))}, ${version}) as answer`,
    );
  const [first] = await put("Berlin", 1);
  expect(first?.answer).toMatchObject({
    version: 2,
    address: { city: "Berlin", street_address_2: null },
  });
  const [second] = await put("Bonn", 2);
  expect(second?.answer).toMatchObject({ version: 3, address: { city: "Bonn" } });
  expect(second?.answer.address.address_id).toBe(first?.answer.address.address_id);
});

test.for([
  ["NF050", {}, 99, undefined],
  ["NF001", { country: "Germany" }, null, "country"],
  ["NF001", { city: "" }, null, "city"],
] as const)(
  "refused with %s: %j at version %s",
  async ([code, changes, version, detail], { db }) => {
    const id = await createPerson(db);
    const does = (sql: typeof db.sql) =>
      sql`select private.put_my_address(${sql.json(address(changes))}, ${version})`;
    await expectDenied(db, code, {
      as: user(id),
      does,
      keeps: (sql) => sql`select * from public.addresses where user_id = ${id}`,
    });
    await expect(db.as(user(id), does)).rejects.toMatchObject(
      detail === undefined ? {} : { detail },
    );
  },
);

test("a missing member is named", async ({ db }) => {
  const id = await createUser(db);
  await expect(
    db.as(user(id), (sql) => sql`select private.put_my_address('{"address_name": "Home"}', null)`),
  ).rejects.toMatchObject({ code: "NF001", detail: "street_address_1" });
});

test("a person cannot set the address of somebody else", async ({ db }) => {
  const [owner, other] = [await createPerson(db), await createUser(db)];
  await db.as(
    user(other),
    (sql) =>
      sql`select private.put_my_address(${sql.json({ ...address({ city: "X" }), user_id: owner })}, null)`,
  );
  const [kept] = await db.sql`select city from public.addresses where user_id = ${owner}`;
  expect(kept).toEqual({ city: "Berlin" });
});
