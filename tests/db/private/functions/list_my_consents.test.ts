import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("a person lists the own consents, newest first, and no others", async ({ db }) => {
  const [owner, other] = [await createPerson(db), await createUser(db)];
  const list = (id: string) =>
    db.as(user(id), (sql) => sql`select private.list_my_consents() as consents`);
  const [own] = await list(owner);
  expect(own?.consents).toHaveLength(3);
  expect(own?.consents[0].given_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
  const ids = own?.consents.map((consent: { consent_id: string }) => consent.consent_id);
  expect(ids).toEqual([...ids].sort().reverse());
  const [foreign] = await list(other);
  expect(foreign?.consents).toEqual([]);
});

test("a backend cannot ask for the consents of nobody", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: service,
    does: (sql) => sql`select private.list_my_consents()`,
    keeps: (sql) => sql`select count(*) from public.consents`,
  });
});
