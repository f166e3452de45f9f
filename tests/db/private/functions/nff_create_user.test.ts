import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { expectDenied, machine, operator, service, test, user } from "../../../helpers/db.ts";
import {
  authCreates,
  beginCreation,
  partsOf,
  settle,
  signUp,
} from "../../../helpers/db-accounts.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, createKey, createOperator, nffUser } from "../../../helpers/db-operators.ts";

const everything = (value: boolean) => ({
  account: value,
  profile: value,
  address: value,
  audit: value,
  invitation: value,
});

test("account, profile, address, audit and invitation come with the commit of Auth", async ({
  db,
}) => {
  const admin = await createStaff(db, "admin");
  const input = nffUser({ middle_name: "King", salutation: "Lady", date_of_birth: "1990-12-10" });
  const id = await beginCreation(db, operator(admin), input);
  expect(await partsOf(db, id)).toEqual(everything(false));
  expect(await settle(db, operator(admin), "create", id)).toEqual({
    outcome: "pending",
    version: null,
  });

  await authCreates(db, id, input.email);
  expect(await partsOf(db, id)).toEqual(everything(true));
  const { outcome, version } = await settle(db, operator(admin), "create", id);
  expect(outcome).toBe("applied");

  const [row] = await db.as(
    operator(admin),
    (sql) => sql`select private.nff_get_user(${id}) as person`,
  );
  expect(row?.person).toEqual({
    street_address_2: null,
    ...input,
    user_id: id,
    address_id: row?.person.address_id,
    user_is_soft_deleted: false,
    user_is_permanently_deleted: false,
    address_is_soft_deleted: false,
    address_is_permanently_deleted: false,
    version,
  });
  expect(await auditOf(db, `user:${id}`)).toMatchObject([
    { actor_kind: "staff", actor_id: admin, action: "user.created", details: "{}" },
    { actor_kind: "staff", actor_id: admin, action: "user.read", details: "{}" },
  ]);
});

test("nothing personal is left in the change when it is over", async ({ db }) => {
  const admin = await createOperator(db);
  const input = nffUser();
  const [applied, abandoned] = [
    await beginCreation(db, admin, input),
    await beginCreation(db, admin, nffUser()),
  ];
  await authCreates(db, applied, input.email);
  await db.as(service, async (sql) => {
    await sql`select private.shift_clock('6 minutes')`;
    await sql`select private.abandon_account_changes(100)`;
  });
  const rows = await db.sql`
    select status, email, input from private.account_changes where user_id in (${applied}, ${abandoned})
    order by status`;
  expect([...rows]).toEqual([
    { status: "abandoned", email: null, input: null },
    { status: "applied", email: null, input: null },
  ]);
});

test("a machine key with the scope creates, and the audit names it", async ({ db }) => {
  const { keyId } = await createKey(db, { scopes: ["users:write"] });
  const input = nffUser();
  const id = await beginCreation(db, machine(keyId), input);
  await authCreates(db, id, input.email);
  expect(await auditOf(db, `user:${id}`)).toMatchObject([
    { actor_kind: "machine", actor_id: keyId, action: "user.created" },
  ]);
});

describe("e-mail addresses", () => {
  test("one that is taken in whatever case is refused at once", async ({ db }) => {
    const admin = await createOperator(db);
    const email = `${randomUUID()}@example.com`;
    await signUp(db, email);
    await expectDenied(db, "NF030", {
      as: admin,
      does: (sql) =>
        sql`select private.nff_create_user(${sql.json(nffUser({ email: email.toUpperCase() }))})`,
      keeps: (sql) => sql`select change_id from private.account_changes`,
    });
  });

  test("two creations at a time for one address: the second is refused", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    await beginCreation(db, admin, input);
    await expectDenied(db, "NF030", {
      as: admin,
      does: (sql) =>
        sql`select private.nff_create_user(${sql.json({ ...input, email: input.email.toUpperCase() })})`,
      keeps: (sql) => sql`select change_id from private.account_changes`,
    });
  });

  test("a creation that nobody works on any more gives way", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    const first = await beginCreation(db, admin, input);
    await db.as(service, (sql) => sql`select private.shift_clock('31 seconds')`);
    const second = await beginCreation(db, admin, input);
    await expect(authCreates(db, first, input.email)).rejects.toMatchObject({ code: "NF043" });
    await authCreates(db, second, input.email);
    expect(await partsOf(db, first)).toEqual(everything(false));
    expect(await partsOf(db, second)).toEqual(everything(true));
  });

  test("a sign-up that comes first wins, and the creation learns of it", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    const id = await beginCreation(db, admin, input);
    await signUp(db, input.email.toUpperCase());
    await expect(authCreates(db, id, input.email)).rejects.toMatchObject({ code: "NF030" });
    expect(await settle(db, admin, "create", id)).toMatchObject({ outcome: "email_taken" });
    expect(await settle(db, admin, "create", id)).toMatchObject({ outcome: "abandoned" });
    expect(await partsOf(db, id)).toEqual(everything(false));
  });

  test("a sign-up cannot come by what was meant for somebody else", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    await beginCreation(db, admin, input);
    const id = await signUp(db, input.email);
    const [profile] =
      await db.sql`select first_name, last_name from public.profiles where user_id = ${id}`;
    expect(profile).toEqual({ first_name: null, last_name: null });
    expect(await partsOf(db, id)).toMatchObject({ address: false, invitation: false });
  });

  test("Auth cannot make the account under another address", async ({ db }) => {
    const id = await beginCreation(db, await createOperator(db), nffUser());
    await expect(authCreates(db, id, `${randomUUID()}@example.com`)).rejects.toMatchObject({
      code: "NF043",
    });
    expect(await partsOf(db, id)).toEqual(everything(false));
  });
});

describe("crashes", () => {
  test("a creation that was abandoned cannot be carried out late", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    const id = await beginCreation(db, admin, input);
    await db.as(service, async (sql) => {
      await sql`select private.shift_clock('6 minutes')`;
      await sql`select private.abandon_account_changes(100)`;
    });
    await expect(authCreates(db, id, input.email)).rejects.toMatchObject({ code: "NF043" });
    expect(await partsOf(db, id)).toEqual(everything(false));
  });

  test("a repeated request goes on where the first one stopped", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    const id = await beginCreation(db, admin, input);
    const resume = () =>
      db.as(
        admin,
        (sql) =>
          sql`select private.resume_account_change('create', ${id}, ${input.email}, ${sql.json(input)}, null) as state`,
      );
    expect(await resume()).toEqual([{ state: { outcome: "pending", version: null } }]);
    await db.as(service, async (sql) => {
      await sql`select private.shift_clock('6 minutes')`;
      await sql`select private.abandon_account_changes(100)`;
    });
    expect(await resume()).toEqual([{ state: { outcome: "pending", version: null } }]);
    await authCreates(db, id, input.email);
    expect(await resume()).toMatchObject([{ state: { outcome: "applied" } }]);
    expect(await partsOf(db, id)).toEqual(everything(true));
    expect(await auditOf(db, `user:${id}`)).toHaveLength(1);
  });

  test("a repeated request whose address was taken meanwhile is told so", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser();
    const id = await beginCreation(db, admin, input);
    await signUp(db, input.email);
    await settle(db, admin, "create", id);
    await expectDenied(db, "NF030", {
      as: admin,
      does: (sql) =>
        sql`select private.resume_account_change('create', ${id}, ${input.email}, ${sql.json(input)}, null)`,
      keeps: (sql) => sql`select status from private.account_changes where user_id = ${id}`,
    });
  });
});

describe("values", () => {
  test.for([
    ["date_of_birth", "2999-01-01"],
    ["date_of_birth", "1899-12-31"],
    ["date_of_birth", "2001-02-30"],
    ["first_name", ""],
    ["first_name", "Ada\u202eecalevoL"],
    ["last_name", "x".repeat(101)],
    ["last_name", null],
    ["city", null],
    ["city", " Berlin"],
    ["postal_code", "not a postal code at all"],
    ["country", "de"],
    ["email", null],
  ] as const)("%s %j is refused before anything is written", async ([member, value], { db }) => {
    const admin = await createOperator(db);
    await expect(
      db.as(
        admin,
        (sql) => sql`select private.nff_create_user(${sql.json(nffUser({ [member]: value }))})`,
      ),
    ).rejects.toMatchObject({ code: "NF001", detail: member });
    expect([...(await db.sql`select from private.account_changes`)]).toEqual([]);
  });

  test("members that only the server sets are not taken over", async ({ db }) => {
    const admin = await createOperator(db);
    const input = nffUser({
      phone: "+4930123456",
      suspended_at: "2020-01-01T00:00:00Z",
      is_soft_deleted: "true",
      version: "99",
      user_id: randomUUID(),
      address_id: randomUUID(),
    });
    const id = await beginCreation(db, admin, input);
    await authCreates(db, id, input.email);
    const [row] = await db.sql`
      select p.phone, p.suspended_at, p.is_soft_deleted, p.version < 99 as counts,
        a.address_id <> ${input.address_id ?? null} as own_id
      from public.profiles as p join public.addresses as a using (user_id) where user_id = ${id}`;
    expect(row).toEqual({
      phone: null,
      suspended_at: null,
      is_soft_deleted: false,
      counts: true,
      own_id: true,
    });
  });
});

test("people without the right create nobody", async ({ db }) => {
  const { keyId } = await createKey(db, { scopes: ["users:read"] });
  const input = nffUser();
  const callers = [
    [operator(await createUser(db)), "NF010"],
    [operator(await createStaff(db, "compliance_admin")), "NF010"],
    [machine(keyId), "NF016"],
    [machine(randomUUID()), "NF016"],
    [user(await createStaff(db, "admin")), "42501"],
    [service, "42501"],
  ] as const;
  for (const [as, code] of callers) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.nff_create_user(${sql.json(input)})`,
      keeps: (sql) => sql`select change_id from private.account_changes`,
    });
  }
});
