import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import {
  type Created,
  createMachineKey,
  createNffUser,
  createOperators,
  type Operators,
} from "../helpers/api-operators.ts";

const owner = ownerConnection();
let operators: Operators;
let customer: Account;
let ada: Created;

beforeAll(async () => {
  operators = await createOperators(owner());
  [customer, ada] = await Promise.all([createAccount(), createNffUser(operators.admin.credential)]);
});

const update = (
  { id, version }: { id: string; version: number },
  changes: Readonly<Record<string, unknown>>,
): ApiRequest => ({
  as: operators.admin.credential,
  headers: newKey(),
  body: { user_id: id, version, ...changes },
});

const read = async (id: string) => {
  const { body } = await call("users.getUser", {
    as: operators.admin.credential,
    body: { user_id: id },
  });
  return body;
};

const newEmail = () => `nff-${randomUUID()}@example.com`;

const changesBy = async (id: string) =>
  (await owner()`select from private.audit_log where action = 'user.changed' and actor_id = ${id}`)
    .length;

describeCommonAnswers("users.updateUser", {
  caller: () => operators.admin.credential,
  outsider: () => customer.credential,
  request: () => update(ada, { city: "Rome" }),
  keeps: () => read(ada.id),
});

describeIdempotency("users.updateUser", {
  caller: async () => (await createOperators(owner())).admin,
  request: async ({ credential }) => {
    const { id, version } = await createNffUser(credential);
    return { body: { user_id: id, version, city: "Rome" } };
  },
  otherRequest: async ({ credential }) => {
    const { id, version } = await createNffUser(credential);
    return { body: { user_id: id, version, city: "Rome" } };
  },
  effects: ({ id }) => changesBy(id),
});

describe("a new e-mail address, which takes Auth as well", () => {
  describeIdempotency("users.updateUser", {
    caller: async () => (await createOperators(owner())).admin,
    request: async ({ credential }) => {
      const { id, version } = await createNffUser(credential);
      return { body: { user_id: id, version, email: newEmail(), city: "Rome" } };
    },
    effects: ({ id }) => changesBy(id),
  });

  test("changes for signing in too, with everything else in the request", async () => {
    const person = await createAccount();
    const email = newEmail();
    const before = await read(person.id);
    const { status, body } = await call(
      "users.updateUser",
      update({ id: person.id, version: before.version }, { email, first_name: "Berta" }),
    );
    expect([status, body]).toEqual([
      200,
      { status: "success", user_id: person.id, version: expect.any(Number) },
    ]);
    expect(body.version).toBeGreaterThan(before.version);
    expect(await read(person.id)).toEqual({ ...before, ...body, email, first_name: "Berta" });
    expect((await signIn(email)).id).toBe(person.id);
    await expect(signIn(person.email)).rejects.toThrow("Invalid login credentials");
  });

  test("409 email_taken in whatever case; nothing of the request is done", async () => {
    const before = await read(ada.id);
    for (const email of [customer.email, customer.email.toUpperCase()]) {
      const request = update({ id: ada.id, version: before.version }, { email, city: "Rome" });
      await expectProblem("users.updateUser", 409, "email_taken", request);
    }
    expect(await read(ada.id)).toEqual(before);
  });

  test("of ten people who want one address at once, one gets it", async () => {
    const people = await Promise.all(
      Array.from({ length: 10 }, () => createNffUser(operators.admin.credential)),
    );
    const email = newEmail();
    const answers = await Promise.all(
      people.map((person, index) =>
        call(
          "users.updateUser",
          update(person, { email: index % 2 === 0 ? email : email.toUpperCase(), city: "Rome" }),
        ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    const rows = await owner()`
      select user_id from public.profiles where lower(email) = ${email}`;
    const winner = answers.find(({ status }) => status === 200);
    expect([...rows]).toEqual([{ user_id: winner?.body.user_id }]);
  });
});

describe("200", () => {
  test("given members change, the others stay, null removes", async () => {
    const person = await createNffUser(operators.admin.credential, { middle_name: "King" });
    const before = await read(person.id);
    const changes = { middle_name: null, salutation: "Dr.", city: "Rome", country: "IT" };
    const { body } = await call("users.updateUser", update(person, changes));
    expect(await read(person.id)).toEqual({ ...before, ...changes, version: body.version });
  });

  test("a machine key changes customers", async () => {
    const person = await createNffUser(operators.admin.credential);
    const request = { ...update(person, { city: "Rome" }), as: operators.machine.credential };
    expect((await call("users.updateUser", request)).status).toBe(200);
    expect(await read(person.id)).toMatchObject({ city: "Rome" });
  });
});

describe("412", () => {
  test("for another version", async () => {
    const before = await read(ada.id);
    for (const version of [before.version + 1, before.version - 1, 1_000_000]) {
      const request = update({ id: ada.id, version }, { city: "Rome", email: newEmail() });
      await expectProblem("users.updateUser", 412, "precondition_failed", request);
    }
    expect(await read(ada.id)).toEqual(before);
  });

  test("of twenty writers at once with the same version, one wins", async () => {
    const person = await createNffUser(operators.admin.credential);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call(
          "users.updateUser",
          // Half of them go through Auth.
          update(person, { city: `City ${index}`, ...(index % 2 === 0 && { email: newEmail() }) }),
        ),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await read(person.id)).toMatchObject({ city: `City ${winner}` });
  });
});

describe("404", () => {
  test("for an id that nobody has", async () => {
    const request = update({ id: randomUUID(), version: 1 }, { city: "Rome" });
    await expectProblem("users.updateUser", 404, "not_found", request);
  });
});

describe("409", () => {
  test("for a person who is deleted", async () => {
    for (const operation of ["users.softDeleteUser", "users.permanentlyDeleteUser"] as const) {
      const { id } = await createNffUser(operators.admin.credential);
      const as = operators.admin.credential;
      await call(operation, { as, headers: newKey(), body: { user_id: id } });
      const before = await read(id);
      const request = update({ id, version: before.version }, { city: "Rome" });
      await expectProblem("users.updateUser", 409, "account_state_conflict", request);
      expect(await read(id)).toEqual(before);
    }
  });
});

describe("400", () => {
  test("when there is nothing to change", async () => {
    await expectProblem("users.updateUser", 400, "validation_failed", update(ada, {}));
  });

  test("a first address has to be a whole one", async () => {
    const { version } = await read(customer.id);
    const request = update({ id: customer.id, version }, { city: "Rome" });
    const { body } = await expectProblem("users.updateUser", 400, "validation_failed", request);
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer: "#/address_name" }));
    expect(await read(customer.id)).toMatchObject({ address_id: null, version });
  });
});

describe("403", () => {
  test("[KEY-02] a machine key changes nobody of the staff, least of all the e-mail address", async () => {
    const staff = await createStaff(owner(), "support");
    const before = await read(staff.id);
    for (const changes of [{ email: newEmail() }, { first_name: "Eve" }]) {
      await expectProblem("users.updateUser", 403, "forbidden", {
        ...update({ id: staff.id, version: before.version }, changes),
        as: operators.machine.credential,
      });
    }
    expect(await read(staff.id)).toEqual(before);
  });

  test("[EYES-18] an administrator changes neither e-mail address nor name of a colleague", async () => {
    const staff = await createStaff(owner(), "approver");
    const before = await read(staff.id);
    for (const changes of [{ email: newEmail() }, { first_name: "Eve" }]) {
      const request = update({ id: staff.id, version: before.version }, changes);
      await expectProblem("users.updateUser", 403, "forbidden", request);
    }
    expect(await read(staff.id)).toEqual(before);
  });

  test("a key that only reads changes nobody", async () => {
    const reader = await createMachineKey(operators.admin, { scopes: ["users:read"] });
    const before = await read(ada.id);
    const request = { ...update(before, { city: "Rome" }), as: reader.credential };
    await expectProblem("users.updateUser", 403, "insufficient_scope", {
      ...request,
      body: { user_id: ada.id, version: before.version, city: "Rome" },
    });
    expect(await read(ada.id)).toEqual(before);
  });
});
