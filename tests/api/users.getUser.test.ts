import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
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

const get = (user_id: string, as = operators.admin.credential) =>
  call("users.getUser", { as, body: { user_id } });

describeCommonAnswers("users.getUser", {
  caller: () => operators.admin.credential,
  outsider: () => customer.credential,
  request: () => ({ body: { user_id: ada.id } }),
});

describe("200", () => {
  test("an administrator and a key that reads get the same", async () => {
    const reader = await createMachineKey(operators.admin, { scopes: ["users:read"] });
    const [forAdmin, forMachine] = [await get(ada.id), await get(ada.id, reader.credential)];
    expect(forAdmin.status).toBe(200);
    expect(forAdmin.body).toMatchObject({ status: "success", user_id: ada.id, email: ada.email });
    expect(forMachine.body).toEqual(forAdmin.body);
  });

  test("who has signed up and given no address has none", async () => {
    const { body } = await get(customer.id);
    expect(body).toMatchObject({
      user_id: customer.id,
      first_name: "Anna",
      address_id: null,
      city: null,
      address_is_soft_deleted: false,
    });
  });

  test("the deleted are found too; their flags say so", async () => {
    const { id } = await createNffUser(operators.admin.credential);
    const request = { as: operators.admin.credential, headers: newKey(), body: { user_id: id } };
    await call("users.permanentlyDeleteUser", request);
    expect((await get(id)).body).toMatchObject({
      user_is_soft_deleted: true,
      user_is_permanently_deleted: true,
      address_is_soft_deleted: true,
      address_is_permanently_deleted: true,
    });
  });
});

describe("404", () => {
  test("for an id that nobody has", async () => {
    for (const as of [operators.admin.credential, operators.machine.credential]) {
      const request = { as, body: { user_id: randomUUID() } };
      await expectProblem("users.getUser", 404, "not_found", request);
    }
  });
});

describe("400", () => {
  test.each([[{}], [{ user_id: "me" }], [{ user_id: 7 }], [{ user_id: null }], [{ user_id: [] }]])(
    "for %j",
    async (body) => {
      const request = { as: operators.admin.credential, body };
      await expectProblem("users.getUser", 400, "validation_failed", request);
    },
  );
});

describe("403", () => {
  test("a key that only writes does not read", async () => {
    const writer = await createMachineKey(operators.admin, { scopes: ["users:write"] });
    await expectProblem("users.getUser", 403, "insufficient_scope", {
      as: writer.credential,
      body: { user_id: ada.id },
    });
  });
});
