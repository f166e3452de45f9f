import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { type ApiAnswer, type ApiRequest, type Credential, call } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { AUDIT_RULES, auditFaults } from "../helpers/api-audit-rules.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import { createMachineKey, createNffUser } from "../helpers/api-operators.ts";

/*
 * Every answer of every test of this suite is held against the audit when the suite ends
 * (tests/helpers/api-coverage.ts), by the rules in tests/helpers/api-audit-rules.ts. Here is what those rules
 * say, that the check would notice, and who leaves an entry by reading.
 */

const owner = ownerConnection();
let admin: Account;
let machine: Credential;

beforeAll(async () => {
  admin = await createStaff(owner(), "admin", "compliance_admin");
  machine = (await createMachineKey(admin)).credential;
});

const entriesOf = (answer: ApiAnswer) => owner()<Record<string, string>[]>`
  select stream, actor_kind, actor_id, action, details from private.audit_log
  where request_id = ${answer.headers.get("x-request-id")}`;

test("every operation that is not a reading one has a rule that asks for entries", () => {
  for (const { id, method } of Object.values(operations)) {
    if (method !== "GET") expect([id, AUDIT_RULES[id]]).not.toEqual([id, "none"]);
  }
});

test("the check notices what is missing and what should not be there", async () => {
  const person = await createAccount();
  const request = {
    as: person.credential,
    headers: { "if-match": "*" },
    body: { first_name: "Berta" },
  };
  const answer = await call("users.updateMe", request);
  const requestId = answer.headers.get("x-request-id") ?? "";
  const seen = (operation: OperationId, status: number, id: string) =>
    auditFaults(owner(), [{ operation, status, requestId: id, isReplay: false }], () => true);
  expect(await seen("users.updateMe", 200, requestId)).toEqual([]);
  expect(await seen("users.updateMe", 200, randomUUID())).toHaveLength(1);
  expect(await seen("users.updateMe", 409, requestId)).toHaveLength(1);
  expect(await seen("admin.getUser", 200, randomUUID())).toHaveLength(1);
  expect(await seen("users.getMe", 200, requestId)).toHaveLength(1);
  expect(await seen("users.updateMe", 409, randomUUID())).toEqual([]);
});

describe("reading somebody else leaves an entry in the same transaction", () => {
  let person: Account;
  let verificationId: string;
  beforeAll(async () => {
    person = await createAccount({ tag: "+kyc-stuck" });
    ({ verification_id: verificationId } = await verificationIn(person, "processing"));
  });

  const cases: readonly (readonly [string, OperationId, () => ApiRequest, string])[] = [
    [
      "users.getUser by an administrator",
      "users.getUser",
      () => ({ as: admin.credential, body: { user_id: person.id } }),
      "user.read",
    ],
    [
      "users.getUser by a machine key",
      "users.getUser",
      () => ({ as: machine, body: { user_id: person.id } }),
      "user.read",
    ],
    [
      "users.listUsers by an administrator",
      "users.listUsers",
      () => ({ as: admin.credential, body: { email: person.email } }),
      "user.listed",
    ],
    [
      "users.listUsers by a machine key",
      "users.listUsers",
      () => ({ as: machine, body: { email: person.email } }),
      "user.listed",
    ],
    [
      "admin.getUser",
      "admin.getUser",
      () => ({ as: admin.credential, params: { user_id: person.id } }),
      "user.read",
    ],
    [
      "admin.listUsers",
      "admin.listUsers",
      () => ({ as: admin.credential, query: `?q=${person.id}` }),
      "user.listed",
    ],
    [
      "admin.getKyc",
      "admin.getKyc",
      () => ({ as: admin.credential, params: { verification_id: verificationId } }),
      "kyc.case_read",
    ],
  ];

  test.each(cases)("%s", async (_, id, request, action) => {
    const answer = await call(id, request());
    expect(answer.status, answer.text).toBe(200);
    const isMachine = request().as === machine;
    expect(await entriesOf(answer)).toEqual([
      expect.objectContaining({ action, actor_kind: isMachine ? "machine" : "staff" }),
    ]);
    // Refused, the same request leaves nothing.
    const refused = await call(id, { ...request(), as: person.credential });
    expect(refused.status).toBe(403);
    expect(await entriesOf(refused)).toEqual([]);
  });

  test("a list names whom it showed", async () => {
    const answer = await call("users.listUsers", {
      as: admin.credential,
      body: { email: person.email },
    });
    const [entry] = await entriesOf(answer);
    expect(JSON.parse(entry?.details ?? "")).toEqual({
      filters: expect.arrayContaining(["email"]),
      rows: 1,
      user_ids: [person.id],
    });
  });
});

test("ids and codes only: nothing that anybody is called, lives at or writes stands in the audit", async () => {
  const word = `q${randomUUID().slice(0, 8)}`;
  const person = await createAccount({ tag: "+kyc-stuck" });
  await verificationIn(person, "processing");
  const any = { "if-match": "*" };
  const as = person.credential;
  const patch = { first_name: word, last_name: `${word}son`, middle_name: word };
  expect((await call("users.updateMe", { as, headers: any, body: patch })).status).toBe(200);
  const address = {
    address_name: word,
    street_address_1: `${word} 12`,
    street_address_2: word,
    city: word,
    state_region: word,
    postal_code: "10969",
    country: "DE",
  };
  expect((await call("users.putMyAddress", { as, headers: any, body: address })).status).toBe(200);
  const made = await createNffUser(admin.credential);
  for (const [id, body] of [
    ["users.updateUser", { user_id: made.id, version: 1, first_name: word, city: word }],
    ["users.listUsers", { search: word }],
    ["users.listUsers", { email: `${word}@example.com` }],
  ] as const) {
    await call(id, { as: admin.credential, headers: newKey(), body });
  }
  await call("admin.listUsers", { as: admin.credential, query: `?q=${word}` });
  const [own] = await owner()<{ entries: number }[]>`
    select count(*)::integer as entries from private.audit_log where actor_id = ${person.id}`;
  expect(own?.entries).toBeGreaterThan(5);
  for (const needle of [word, person.email, made.email]) {
    expect(
      await owner()`select * from private.audit_log as entry where strpos(lower(entry::text), ${needle}) > 0`,
    ).toEqual([]);
  }
});
