import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { createAccount, ownerConnection, signIn, suspend } from "../helpers/api-accounts.ts";
import { describeDeletion, flag, flagsOf } from "../helpers/api-deletion.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { createNffUser, createOperators, type Operators } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let operators: Operators;
beforeAll(async () => {
  operators = await createOperators(owner());
});

const softDelete = ({ id }: { id: string }) =>
  flag("users.softDeleteUser", operators.admin.credential, id);
const reactivate = (id: string) => flag("users.reactivateUser", operators.admin.credential, id);

describeDeletion("users.reactivateUser", { action: "user.reactivated", prepare: softDelete });

describe("200", () => {
  test("the person signs in again and finds everything as it was", async () => {
    const person = await createAccount();
    const before = await call("users.getMe", { as: person.credential });
    await softDelete(person);
    expect((await reactivate(person.id)).status).toBe(200);
    expect(await flagsOf(owner(), person.id)).toMatchObject({
      is_soft_deleted: false,
      is_banned: false,
    });
    const back = await signIn(person.email);
    const { body } = await call("users.getMe", { as: back.credential });
    expect(body.profile).toMatchObject({ first_name: before.body.profile.first_name });
    // The old session has ended with the deletion and does not come back.
    await expectProblem("users.updateMe", 401, "session_ended", {
      as: person.credential,
      headers: { "if-match": "*" },
      body: { first_name: "Berta" },
    });
  });

  test("a suspension stays in force", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    await softDelete(person);
    await reactivate(person.id);
    expect(await flagsOf(owner(), person.id)).toMatchObject({
      is_soft_deleted: false,
      is_banned: true,
    });
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
  });
});

describe("409", () => {
  test("for a person who is not deleted, or for good", async () => {
    const [active, gone] = [
      await createNffUser(operators.admin.credential),
      await createNffUser(operators.admin.credential),
    ];
    await flag("users.permanentlyDeleteUser", operators.admin.credential, gone.id);
    for (const { id } of [active, gone]) {
      const before = await flagsOf(owner(), id);
      await expectProblem("users.reactivateUser", 409, "account_state_conflict", {
        as: operators.admin.credential,
        headers: newKey(),
        body: { user_id: id },
      });
      expect(await flagsOf(owner(), id)).toEqual(before);
    }
  });
});
