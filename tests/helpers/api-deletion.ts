import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, type Credential, call, expectProblem } from "./api.ts";
import { type Account, createAccount, createStaff, ownerConnection } from "./api-accounts.ts";
import { describeCommonAnswers } from "./api-common.ts";
import { describeIdempotency } from "./api-idempotency.ts";
import { newKey } from "./api-kyc.ts";
import {
  type Created,
  createMachineKey,
  createNffUser,
  createOperators,
  type Operators,
} from "./api-operators.ts";

/** The operations that set or take back the flags of a deletion. */
export type DeletionId =
  | "users.softDeleteUser"
  | "users.permanentlyDeleteUser"
  | "users.reactivateUser";

/** How one of them is tested. */
export type DeletionCase = {
  readonly action: string;
  /** Brings a new person into the state that the operation starts from. */
  readonly prepare: (person: Created, as: Credential) => Promise<unknown>;
};

/** The flags of a person and of the address, and whether Auth lets the person in. */
export async function flagsOf(sql: Sql, id: string) {
  const [row] = await sql`
    select p.is_soft_deleted, p.is_permanently_deleted, a.is_soft_deleted as address_soft,
      a.is_permanently_deleted as address_permanently, p.version,
      coalesce(u.banned_until > now(), false) as is_banned,
      (select count(*)::int from auth.sessions where user_id = ${id}) as sessions
    from public.profiles as p
    join auth.users as u on u.id = p.user_id
    left join public.addresses as a on a.user_id = p.user_id
    where p.user_id = ${id}`;
  return row;
}

/** Calls one of the operations for a person. */
export const flag = (operation: DeletionId, as: Credential, id: string) =>
  call(operation, { as, headers: newKey(), body: { user_id: id } });

/** What the three operations have in common. */
export function describeDeletion(operation: DeletionId, { action, prepare }: DeletionCase): void {
  const owner = ownerConnection();
  let operators: Operators;
  let outsider: Account;
  let person: Created;

  const arrange = async (as = operators.admin.credential) => {
    const created = await createNffUser(as);
    await prepare(created, as);
    return created;
  };
  const request = (id: string, as: Credential): ApiRequest => ({
    as,
    headers: newKey(),
    body: { user_id: id },
  });

  beforeAll(async () => {
    operators = await createOperators(owner());
    [outsider, person] = await Promise.all([createAccount(), arrange()]);
  });

  describeCommonAnswers(operation, {
    caller: () => operators.admin.credential,
    outsider: () => outsider.credential,
    request: () => request(person.id, operators.admin.credential),
    keeps: () => flagsOf(owner(), person.id),
  });

  describeIdempotency(operation, {
    caller: async () => (await createOperators(owner())).admin,
    request: async ({ credential }) => ({ body: { user_id: (await arrange(credential)).id } }),
    otherRequest: async ({ credential }) => ({ body: { user_id: (await arrange(credential)).id } }),
    effects: async ({ id }) =>
      (await owner()`select from private.audit_log where action = ${action} and actor_id = ${id}`)
        .length,
  });

  describe(`${operation}: who may`, () => {
    test("a machine key that writes may", async () => {
      const { id } = await arrange();
      const { status, body } = await flag(operation, operators.machine.credential, id);
      expect([status, body]).toEqual([
        200,
        { status: "success", user_id: id, version: expect.any(Number) },
      ]);
      expect(await flagsOf(owner(), id)).toMatchObject({ version: body.version });
    });

    test("404 for an id that nobody has", async () => {
      for (const as of [operators.admin.credential, operators.machine.credential]) {
        await expectProblem(operation, 404, "not_found", request(randomUUID(), as));
      }
    });

    test("403 for a key that only reads", async () => {
      const reader = await createMachineKey(operators.admin, { scopes: ["users:read"] });
      const before = await flagsOf(owner(), person.id);
      const refused = request(person.id, reader.credential);
      await expectProblem(operation, 403, "insufficient_scope", refused);
      expect(await flagsOf(owner(), person.id)).toEqual(before);
    });

    test("[KEY-02] 403 for a machine key and a member of staff", async () => {
      const staff = await createStaff(owner(), "support");
      const before = await flagsOf(owner(), staff.id);
      const refused = request(staff.id, operators.machine.credential);
      await expectProblem(operation, 403, "forbidden", refused);
      expect(await flagsOf(owner(), staff.id)).toEqual(before);
    });
  });
}
