import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { createAccount, createStaff, ownerConnection, signIn } from "../helpers/api-accounts.ts";
import { describeDeletion, flag, flagsOf } from "../helpers/api-deletion.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { createNffUser, createOperators, type Operators } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let operators: Operators;
beforeAll(async () => {
  operators = await createOperators(owner());
});

describeDeletion("users.softDeleteUser", {
  action: "user.soft_deleted",
  prepare: async () => {},
});

const softDelete = (id: string) => flag("users.softDeleteUser", operators.admin.credential, id);

describe("200", () => {
  test("the person is out at once: sessions, sign-in, refresh, reads and writes", async () => {
    const person = await createAccount();
    expect((await softDelete(person.id)).status).toBe(200);
    expect(await flagsOf(owner(), person.id)).toMatchObject({
      is_soft_deleted: true,
      is_permanently_deleted: false,
      is_banned: true,
      sessions: 0,
    });
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
    expect((await person.client.auth.refreshSession()).data.session).toBeNull();
    expect((await person.client.from("profiles").select("user_id")).data ?? []).toEqual([]);
    const as = person.credential;
    await expectProblem("users.getMe", 403, "account_inactive", { as });
    await expectProblem("kyc.createVerification", 403, "account_inactive", {
      as,
      headers: newKey(),
    });
  });

  test("a deleted one is answered the same, and nothing happens twice", async () => {
    const { id } = await createNffUser(operators.admin.credential);
    const first = await softDelete(id);
    expect((await softDelete(id)).body).toEqual(first.body);
    const entries = await owner()`
      select from private.audit_log where stream = ${`user:${id}`} and action = 'user.soft_deleted'`;
    expect(entries).toHaveLength(1);
  });

  test("who has not come in yet is not invited any more", async () => {
    const { id } = await createNffUser(operators.admin.credential);
    await softDelete(id);
    const [task] = await owner()`
      select is_wanted from private.claim_account_tasks(1000) where user_id = ${id} and task = 'invitation'`;
    expect(task?.is_wanted ?? false).toBe(false);
  });
});

describe("409", () => {
  test("for a person who is deleted for good", async () => {
    const { id } = await createNffUser(operators.admin.credential);
    await flag("users.permanentlyDeleteUser", operators.admin.credential, id);
    const before = await flagsOf(owner(), id);
    await expectProblem("users.softDeleteUser", 409, "account_state_conflict", {
      as: operators.admin.credential,
      headers: newKey(),
      body: { user_id: id },
    });
    expect(await flagsOf(owner(), id)).toEqual(before);
  });
});

describe("staff", () => {
  test("a deleted member of staff is none any more, with the same token", async () => {
    const staff = await createStaff(owner(), "auditor");
    expect((await call("admin.listApiKeys", { as: staff.credential })).status).toBe(200);
    await softDelete(staff.id);
    await expectProblem("admin.listApiKeys", 401, "session_ended", { as: staff.credential });
  });
});
