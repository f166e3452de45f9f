import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { NffUser } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiAnswer, type Credential, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
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
/** A family name that only the people of this file have. */
const family = `Q${randomUUID().replaceAll(/[^a-f]/g, "")}qx`;
let operators: Operators;
let customer: Account;
let people: Created[];

beforeAll(async () => {
  operators = await createOperators(owner());
  customer = await createAccount();
  people = [];
  for (const first_name of ["Carla", "Anton", "Berta", "Doris", "Emil"]) {
    people.push(await createNffUser(operators.admin.credential, { first_name, last_name: family }));
  }
});

const list = (body: object, as: Credential = operators.admin.credential): Promise<ApiAnswer> =>
  call("users.listUsers", { as, body });

const names = ({ body }: ApiAnswer) => body.items.map((item: NffUser) => item.first_name);

describeCommonAnswers("users.listUsers", {
  caller: () => operators.admin.credential,
  outsider: () => customer.credential,
  request: () => ({ body: { search: family } }),
});

describe("200", () => {
  test("entries are what users.getUser answers", async () => {
    const { body } = await list({ email: people[0]?.email });
    const { body: whole } = await call("users.getUser", {
      as: operators.admin.credential,
      body: { user_id: people[0]?.id },
    });
    expect(body).toEqual({ status: "success", items: [expect.anything()], next_cursor: null });
    expect({ status: "success", ...body.items[0] }).toEqual(whole);
  });

  test("newest first unless asked otherwise, and by the e-mail address", async () => {
    expect(names(await list({ search: family }))).toEqual([
      ...["Emil", "Doris", "Berta", "Anton", "Carla"],
    ]);
    expect(names(await list({ search: family, sort: "created_at" }))).toEqual([
      ...["Carla", "Anton", "Berta", "Doris", "Emil"],
    ]);
    const byEmail = await list({ search: family, sort: "email" });
    const emails = byEmail.body.items.map((item: NffUser) => item.email);
    expect((await list({ search: family, sort: "-email" })).body.items).toEqual(
      byEmail.body.items.toReversed(),
    );
    expect(new Set(emails).size).toBe(5);
  });

  test("a machine key sees the same", async () => {
    const reader = await createMachineKey(operators.admin, { scopes: ["users:read"] });
    const [admin, machine] = [
      await list({ search: family }),
      await list({ search: family }, reader.credential),
    ];
    expect(machine.body.items).toEqual(admin.body.items);
  });

  test("a mistake in the name is forgiven", async () => {
    const wrong = `${family.slice(0, -3)}${family.slice(-2)}`;
    expect(names(await list({ search: wrong, sort: "created_at" }))).toContain("Carla");
  });

  test("filters: country, time, deleted, KYC status", async () => {
    const { id } = await createNffUser(operators.admin.credential, {
      first_name: "Fritz",
      last_name: family,
      country: "AT",
    });
    expect(names(await list({ search: family, country: "AT" }))).toEqual(["Fritz"]);
    expect(names(await list({ search: family, kyc_status: "approved" }))).toEqual([]);
    expect(names(await list({ search: family, kyc_status: "not_started" }))).toHaveLength(6);
    expect(names(await list({ search: family, created_to: "2000-01-01T00:00:00Z" }))).toEqual([]);

    const request = { as: operators.admin.credential, headers: newKey(), body: { user_id: id } };
    await call("users.softDeleteUser", request);
    expect(names(await list({ search: family, country: "AT" }))).toEqual([]);
    expect(names(await list({ search: family, country: "AT", include_deleted: true }))).toEqual([
      "Fritz",
    ]);
  });

  test("a larger limit than 100 is taken as 100, none as 25", async () => {
    expect((await list({ limit: 1_000_000 })).body.items.length).toBeLessThanOrEqual(100);
    expect((await list({})).body.items.length).toBeLessThanOrEqual(25);
  });

  test("pages meet everybody once, while others are created", async () => {
    const walked: string[] = [];
    const filters = { search: family, sort: "last_name" };
    let cursor: string | null = null;
    do {
      const { body }: ApiAnswer = await list({ ...filters, limit: 2, ...(cursor && { cursor }) });
      walked.push(...body.items.map((item: NffUser) => item.user_id));
      cursor = body.next_cursor;
      if (walked.length === 2) {
        await createNffUser(operators.admin.credential, { last_name: family });
      }
    } while (cursor !== null && walked.length < 20);
    for (const { id } of people) expect(walked.filter((one) => one === id)).toHaveLength(1);
  });
});

describe("400", () => {
  test.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: -1 }],
    ["limit", { limit: 1.5 }],
    ["limit", { limit: "10" }],
    ["sort", { sort: "password" }],
    ["sort", { sort: "last_name; drop table profiles" }],
    ["search", { search: "x" }],
    ["search", { search: "x".repeat(101) }],
    ["search", { search: null }],
    ["country", { country: "Germany" }],
    ["kyc_status", { kyc_status: "in_review" }],
    ["created_from", { created_from: "yesterday" }],
    ["include_deleted", { include_deleted: "true" }],
    ["email", { email: "%@%" }],
  ])("for a %s of %j", async (member, body) => {
    const request = { as: operators.admin.credential, body };
    const answer = await expectProblem("users.listUsers", 400, "validation_failed", request);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer: `#/${member}` }));
  });

  const refused = (body: object, as: Credential = operators.admin.credential) =>
    expectProblem("users.listUsers", 400, "invalid_cursor", { as, body });

  test("for a cursor that was changed, invented or cut", async () => {
    const { next_cursor } = (await list({ search: family, limit: 1 })).body;
    const [payload, signature] = next_cursor.split(".");
    const other = Buffer.from('{"key":"x","id":"y"}').toString("base64url");
    for (const cursor of [
      `${other}.${signature}`,
      `${payload}.${"A".repeat(signature.length)}`,
      payload,
      `${payload}.`,
      "hello",
    ]) {
      await refused({ search: family, limit: 1, cursor });
    }
  });

  test("for a cursor of other filters, another order or another caller", async () => {
    const { next_cursor: cursor } = (await list({ search: family, limit: 1 })).body;
    const other = await createStaff(owner(), "admin");
    await refused({ limit: 1, cursor });
    await refused({ search: family, limit: 1, country: "GB", cursor });
    await refused({ search: family, limit: 1, include_deleted: true, cursor });
    await refused({ search: family, limit: 1, sort: "email", cursor });
    await refused({ search: family, limit: 1, cursor }, other.credential);
    await refused({ search: family, limit: 1, cursor }, operators.machine.credential);
  });
});

describe("403", () => {
  test("a key that only writes does not list", async () => {
    const writer = await createMachineKey(operators.admin, { scopes: ["users:write"] });
    await expectProblem("users.listUsers", 403, "insufficient_scope", {
      as: writer.credential,
      body: {},
    });
  });
});
