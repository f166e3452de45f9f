import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { createAccount, ownerConnection, signIn } from "../helpers/api-accounts.ts";
import { describeDeletion, flag, flagsOf } from "../helpers/api-deletion.ts";
import { newKey } from "../helpers/api-kyc.ts";
import {
  createNffUser,
  createOperators,
  nffUser,
  type Operators,
} from "../helpers/api-operators.ts";

const owner = ownerConnection();
let operators: Operators;
beforeAll(async () => {
  operators = await createOperators(owner());
});

describeDeletion("users.permanentlyDeleteUser", {
  action: "user.permanently_deleted",
  prepare: async () => {},
});

const remove = (id: string) => flag("users.permanentlyDeleteUser", operators.admin.credential, id);

describe("200", () => {
  test("the person is out, the row stays and is flagged", async () => {
    const person = await createAccount();
    expect((await remove(person.id)).status).toBe(200);
    expect(await flagsOf(owner(), person.id)).toMatchObject({
      is_soft_deleted: true,
      is_permanently_deleted: true,
      is_banned: true,
      sessions: 0,
    });
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
    const read = await call("users.getUser", {
      as: operators.admin.credential,
      body: { user_id: person.id },
    });
    expect(read.body).toMatchObject({ email: person.email, user_is_permanently_deleted: true });
  });

  test("straight away or after a soft deletion, and again it is answered the same", async () => {
    const { id } = await createNffUser(operators.admin.credential);
    await flag("users.softDeleteUser", operators.admin.credential, id);
    const first = await remove(id);
    expect((await remove(id)).body).toEqual(first.body);
    expect(await flagsOf(owner(), id)).toMatchObject({ is_permanently_deleted: true });
  });

  test("the address of the account stays taken", async () => {
    const { id, email } = await createNffUser(operators.admin.credential);
    await remove(id);
    await expectProblem("users.createUser", 409, "email_taken", {
      as: operators.admin.credential,
      headers: newKey(),
      body: nffUser({ email }),
    });
  });
});
