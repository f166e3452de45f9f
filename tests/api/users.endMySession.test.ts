import { beforeAll, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { nffUser } from "../helpers/api-operators.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let eve: Account;
beforeAll(async () => {
  [anna, eve] = await Promise.all([createAccount(), createAccount()]);
});

const sessionOf = ({ token }: Account): string =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).session_id;
const end = (person: Account, session: string): ApiRequest => ({
  as: person.credential,
  params: { session_id: session },
});
const sessionsOf = ({ id }: Account) =>
  owner()`select id from auth.sessions where user_id = ${id} order by id`;

describeCommonAnswers("users.endMySession", {
  caller: () => anna.credential,
  request: () => ({ params: { session_id: sessionOf(anna) } }),
  keeps: () => sessionsOf(anna),
});

describeOwnership("users.endMySession", {
  stranger: () => eve,
  request: () => ({ params: { session_id: sessionOf(anna) } }),
  keeps: () => sessionsOf(anna),
});

describe("204", () => {
  test("another session ends: its refresh token is worthless, its token writes nothing", async () => {
    const first = await createAccount();
    const second = await signIn(first.email);
    const answer = await call("users.endMySession", end(first, sessionOf(second)));
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect((await second.client.auth.refreshSession()).error).toBeTruthy();
    await expectProblem("users.recordConsent", 401, "session_ended", {
      as: second.credential,
      headers: newKey(),
      body: { document: "terms", version: "2026-11-01" },
    });
    expect((await call("users.listMySessions", { as: first.credential })).status).toBe(200);
  });

  test("the own session ends too, and the audit knows", async () => {
    const person = await createAccount();
    expect((await call("users.endMySession", end(person, sessionOf(person)))).status).toBe(204);
    await expectProblem("users.listMySessions", 401, "session_ended", { as: person.credential });
    const [entry] = await owner()`
      select actor_id, subject_id from private.audit_log where action = 'user.session_ended' and actor_id = ${person.id}`;
    expect(entry).toEqual({ actor_id: person.id, subject_id: sessionOf(person) });
  });
});

describe("404", () => {
  test("for a session that has ended already", async () => {
    const person = await createAccount();
    const other = await signIn(person.email);
    await call("users.endMySession", end(person, sessionOf(other)));
    await expectProblem("users.endMySession", 404, "not_found", end(person, sessionOf(other)));
  });
});

/** Operations that write, each with a request that would be good. */
const WRITES: readonly [OperationId, ApiRequest][] = [
  ["users.updateMe", { headers: { "if-match": "*" }, body: { first_name: "Eve" } }],
  [
    "users.putMyAddress",
    {
      headers: { "if-match": "*" },
      body: {
        address_name: "Home",
        street_address_1: "Lindenstraße 12",
        city: "Berlin",
        state_region: "Berlin",
        postal_code: "10969",
        country: "DE",
      },
    },
  ],
  [
    "users.recordConsent",
    { headers: newKey(), body: { document: "terms", version: "2026-11-01" } },
  ],
  ["kyc.createVerification", { headers: newKey() }],
];

describe("[AUTH-04] a session that has ended writes nothing, at once", () => {
  test.each(WRITES)("%s", async (id, request) => {
    const person = await createAccount();
    await person.client.auth.signOut({ scope: "global" });
    const before = await owner()`select * from public.profiles where user_id = ${person.id}`;
    await expectProblem(id, 401, "session_ended", { ...request, as: person.credential });
    expect(await owner()`select * from public.profiles where user_id = ${person.id}`).toEqual(
      before,
    );
    expect([
      ...(await owner()`select from public.consents where user_id = ${person.id}`),
      ...(await owner()`select from public.kyc_verifications where user_id = ${person.id}`),
      ...(await owner()`select from public.addresses where user_id = ${person.id}`),
    ]).toEqual([]);
  });

  test("nor through the Data API", async () => {
    const person = await createAccount();
    const reader = await signIn(person.email);
    await owner()`delete from auth.sessions where user_id = ${person.id}`;
    const { data } = await reader.client
      .from("profiles")
      .update({ first_name: "Eve" })
      .eq("user_id", person.id)
      .select("user_id");
    expect(data ?? []).toEqual([]);
    const [row] =
      await owner()`select first_name from public.profiles where user_id = ${person.id}`;
    expect(row).toEqual({ first_name: "Anna" });
  });

  test("nor as staff", async () => {
    const admin = await createStaff(owner(), "admin");
    await admin.client.auth.signOut({ scope: "global" });
    await expectProblem("users.createUser", 401, "session_ended", {
      as: admin.credential,
      headers: newKey(),
      body: nffUser(),
    });
    await expectProblem("admin.createApiKey", 401, "session_ended", {
      as: admin.credential,
      headers: newKey(),
      body: { name: "x", scopes: ["users:read"] },
    });
  });
});

describe("403", () => {
  test("a suspended person ends nothing", async () => {
    const person = await createAccount();
    await suspend(owner(), person);
    const request = end(person, sessionOf(person));
    await expectProblem("users.endMySession", 403, "account_inactive", request);
  });
});
