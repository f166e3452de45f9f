import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { completeProfile, startVerification } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let support: Account;
let reviewer: Account;
let anna: Account;

beforeAll(async () => {
  [support, reviewer, anna] = await Promise.all([
    createStaff(owner(), "support"),
    createStaff(owner(), "reviewer"),
    createAccount(),
  ]);
});

const readsOf = ({ id }: { id: string }) => owner()`
  select actor_id, request_id from private.audit_log
  where stream = ${`user:${id}`} and action = 'user.read' order by sequence`;

const get = ({ id }: { id: string }, as = support) =>
  call("admin.getUser", { as: as.credential, params: { user_id: id } });

describeCommonAnswers("admin.getUser", {
  caller: () => support.credential,
  outsider: () => reviewer.credential,
  request: () => ({ params: { user_id: anna.id } }),
  keeps: () => readsOf(anna),
});

describe("200", () => {
  test("everything about the account, and the read is in the audit", async () => {
    const person = await createAccount();
    await completeProfile(person);
    const { verification_id } = await startVerification(person);
    await signIn(person.email);
    const { status, body, headers } = await get(person);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      user: {
        user_id: person.id,
        email: person.email,
        account_status: "active",
        kyc_status: "action_required",
        last_sign_in_at: expect.any(String),
      },
      profile: { first_name: "Anna", last_name: "Schmidt" },
      address: { country: body.user.country },
      suspension: null,
      verifications: [{ verification_id, status: "draft" }],
      active_sessions: 2,
      second_factor_enrolled: false,
    });
    expect(body.consents).toHaveLength(3);
    expect(headers.get("etag")).toBe(`"v${body.user.version}"`);
    expect([...(await readsOf(person))]).toEqual([
      { actor_id: support.id, request_id: headers.get("x-request-id") },
    ]);
  });

  test("[USER-02] the person is not told who read, staff finds it in the own activity", async () => {
    const person = await createAccount();
    await get(person);
    const actions = async ({ credential: as }: Account) => {
      const { body } = await call("users.listMyActivity", { as, query: "?limit=100" });
      return body.items.map(({ action }: { action: string }) => action);
    };
    expect(await actions(person)).not.toContain("user.read");
    expect(await actions(support)).toContain("user.read");
  });

  test("a deleted account too, and one that is suspended", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    expect((await get(person)).body).toMatchObject({
      user: { account_status: "suspended" },
      suspension: null,
    });
    await owner()`update public.profiles set is_soft_deleted = true where user_id = ${person.id}`;
    expect((await get(person)).body.user.account_status).toBe("soft_deleted");
  });
});

test("404 for an id that nobody has, 400 for what is no id", async () => {
  const request = (user_id: string) => ({ as: support.credential, params: { user_id } });
  await expectProblem("admin.getUser", 404, "not_found", request(randomUUID()));
  await expectProblem("admin.getUser", 400, "validation_failed", request("me"));
});

test("401 for staff that was suspended, with a token that is still good", async () => {
  const former = await createStaff(owner(), "admin");
  await suspend(owner(), former);
  const before = await readsOf(anna);
  const request = { as: former.credential, params: { user_id: anna.id } };
  await expectProblem("admin.getUser", 401, "session_ended", request);
  expect(await readsOf(anna)).toEqual(before);
});
