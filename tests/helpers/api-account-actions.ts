import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, type Credential, call, expectProblem } from "./api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "./api-accounts.ts";
import { describeCommonAnswers } from "./api-common.ts";
import { describeIdempotency } from "./api-idempotency.ts";
import { newKey } from "./api-kyc.ts";

/** The operations of staff on the account of somebody. */
export type AccountActionId =
  | "admin.suspendUser"
  | "admin.reinstateUser"
  | "admin.signOutUser"
  | "admin.sendPasswordReset";

/** How one of them is tested. */
export type AccountActionCase = {
  /** The least role that may do it. */
  readonly role: string;
  /** A role that may not. */
  readonly otherRole: string;
  readonly action: string;
  readonly body?: object;
  readonly otherBody?: object;
  /** Brings a new account into the state that the operation starts from. */
  readonly prepare?: (sql: Sql, account: Account) => Promise<unknown>;
};

/** What can change of an account by these operations. */
export async function accountState(sql: Sql, id: string) {
  const [row] = await sql`
    select p.suspended_at, p.version, coalesce(u.banned_until > now(), false) as is_banned,
      (select count(*)::int from auth.sessions where user_id = ${id}) as sessions,
      (select count(*)::int from private.suspensions where user_id = ${id}) as suspensions,
      (select count(*)::int from private.password_resets where user_id = ${id}) as resets,
      (select count(*)::int from private.audit_log where stream = ${`user:${id}`}) as entries
    from public.profiles as p join auth.users as u on u.id = p.user_id where p.user_id = ${id}`;
  return row;
}

/** Calls one of the operations. */
export const act = (
  operation: AccountActionId,
  as: Credential,
  id: string,
  more: Partial<ApiRequest> = {},
) =>
  call(operation, {
    as,
    params: { user_id: id },
    ...more,
    headers: { ...newKey(), "if-match": "*", ...more.headers },
  });

/** What the operations have in common. */
export function describeAccountAction(operation: AccountActionId, action: AccountActionCase): void {
  const owner = ownerConnection();
  const { role, otherRole, body, otherBody, prepare } = action;
  let staff: Account;
  let admin: Account;
  let outsider: Account;
  let person: Account;

  const arrange = async (account: Account) => {
    await prepare?.(owner(), account);
    return account;
  };
  const request = (id: string, content = body): ApiRequest => ({
    params: { user_id: id },
    headers: { ...newKey(), "if-match": "*" },
    ...(content && { body: content }),
  });
  const refused = async (status: number, code: string, as: Account, id: string) => {
    const before = await accountState(owner(), id);
    await expectProblem(operation, status, code, { ...request(id), as: as.credential });
    expect(await accountState(owner(), id)).toEqual(before);
  };

  beforeAll(async () => {
    [staff, admin, outsider, person] = await Promise.all([
      createStaff(owner(), role),
      createStaff(owner(), "admin"),
      createStaff(owner(), otherRole),
      createAccount(),
    ]);
    await arrange(person);
  });

  describeCommonAnswers(operation, {
    caller: () => staff.credential,
    outsider: () => outsider.credential,
    request: () => request(person.id),
    keeps: async () => accountState(owner(), person.id),
  });

  const subjects = new Map<string, Account>();
  describeIdempotency(operation, {
    caller: async () => {
      const caller = await createStaff(owner(), role);
      subjects.set(caller.id, await arrange(await createAccount()));
      return caller;
    },
    request: async ({ id }) => request(subjects.get(id)?.id ?? "", body),
    // Where there is no body, the same for somebody else is another request.
    otherRequest: async ({ id }) =>
      otherBody ? request(subjects.get(id)?.id ?? "", otherBody) : request(person.id),
    effects: async ({ id }) => {
      const [row] = await owner()`
        select count(*)::int as count from private.audit_log
        where stream = ${`user:${subjects.get(id)?.id}`} and action = ${action.action} and actor_id = ${id}`;
      return row?.count;
    },
  });

  describe(`${operation}: rules`, () => {
    test("404 for an id that nobody has, 400 for what is no id", async () => {
      await refused(404, "not_found", staff, randomUUID());
      await expectProblem(operation, 400, "validation_failed", {
        ...request("me"),
        as: staff.credential,
      });
    });

    test("[ROLE-01] a member of staff only by an administrator", async () => {
      const member = await arrange(await createStaff(owner(), "auditor"));
      await refused(403, "forbidden", staff, member.id);
      const { status } = await call(operation, { ...request(member.id), as: admin.credential });
      expect(status).toBeLessThan(300);
    });

    test("[AUTH-04] 401 for staff that was suspended, with a token that is still good", async () => {
      const former = await createStaff(owner(), "admin");
      await suspend(owner(), former);
      await refused(401, "session_ended", former, person.id);
    });

    test("the audit says who, in the stream of the person", async () => {
      const account = await arrange(await createAccount());
      const { headers } = await act(operation, staff.credential, account.id, body ? { body } : {});
      const [entry] = await owner()`
        select action, actor_kind, actor_id, request_id from private.audit_log
        where stream = ${`user:${account.id}`} and action = ${action.action} order by sequence desc limit 1`;
      expect(entry).toEqual({
        action: action.action,
        actor_kind: "staff",
        actor_id: staff.id,
        request_id: headers.get("x-request-id"),
      });
    });
  });
}
