import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey, createNffUser, type MachineKey } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let admin: Account;
let customer: Account;
let key: MachineKey;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
  key = await createMachineKey(admin);
});

const revoke = (keyId: string) => ({ as: admin.credential, params: { key_id: keyId } });
const stored = (id: string) => owner()`select * from private.machine_keys where key_id = ${id}`;

describeCommonAnswers("admin.revokeApiKey", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ params: { key_id: key.keyId } }),
  keeps: () => stored(key.keyId),
});

describe("204", () => {
  test("the next request with the key is refused, and nothing happens", async () => {
    const machine = await createMachineKey(admin);
    const person = await createNffUser(machine.credential);
    expect((await call("admin.revokeApiKey", revoke(machine.keyId))).status).toBe(204);
    const before = await owner()`select * from public.profiles where user_id = ${person.id}`;
    await expectProblem("users.softDeleteUser", 401, "api_key_revoked", {
      as: machine.credential,
      headers: { "idempotency-key": "1" },
      body: { user_id: person.id },
    });
    expect(await owner()`select * from public.profiles where user_id = ${person.id}`).toEqual(
      before,
    );
  });

  test("a hundred requests under way while the key is revoked: none begins afterwards", async () => {
    const machine = await createMachineKey(admin, { scopes: ["users:read"] });
    const use = () => call("users.listUsers", { as: machine.credential, body: { limit: 1 } });
    const during = Array.from({ length: 100 }, use);
    await call("admin.revokeApiKey", revoke(machine.keyId));
    const after = await Promise.all(Array.from({ length: 10 }, use));
    const codes = (await Promise.all(during)).map(({ status, body }) => body.code ?? status);
    expect(
      codes.every((code) => [200, "api_key_revoked", "insufficient_scope"].includes(code)),
    ).toBe(true);
    expect(after.map(({ body }) => body.code)).toEqual(after.map(() => "api_key_revoked"));
  });

  test("revoked twice it is revoked once, and stays in the list", async () => {
    const machine = await createMachineKey(admin);
    await call("admin.revokeApiKey", revoke(machine.keyId));
    const first = await stored(machine.keyId);
    expect((await call("admin.revokeApiKey", revoke(machine.keyId))).status).toBe(204);
    expect(await stored(machine.keyId)).toEqual(first);
    expect(first).toMatchObject([{ revoked_by: admin.id }]);
  });
});

describe("404", () => {
  test("for an id that no key has", async () => {
    await expectProblem("admin.revokeApiKey", 404, "not_found", revoke(randomUUID()));
  });
});

describe("400", () => {
  test("for an id that is none", async () => {
    await expectProblem("admin.revokeApiKey", 400, "validation_failed", revoke("me"));
  });
});
