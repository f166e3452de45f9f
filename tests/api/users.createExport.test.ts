import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const exportsOf = ({ id }: Account) =>
  owner()`select * from private.data_exports where user_id = ${id} order by export_id`;
const ask = (): ApiRequest => ({ headers: newKey() });

describeCommonAnswers("users.createExport", {
  caller: () => anna.credential,
  request: ask,
  keeps: () => exportsOf(anna),
});

describeIdempotency("users.createExport", {
  caller: () => createAccount(),
  request: async () => ask(),
  effects: async (account) => (await exportsOf(account)).length,
});

describe("202", () => {
  test("an export that is being made, and where to look for it", async () => {
    const person = await createAccount();
    const { status, body, headers } = await call("users.createExport", {
      ...ask(),
      as: person.credential,
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: "pending", download_url: null, ready_at: null });
    expect(headers.get("location")).toBe(`/functions/v1/users/me/exports/${body.export_id}`);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("401", () => {
  test("a token whose session has ended", async () => {
    const person = await createAccount();
    await owner()`delete from auth.sessions where user_id = ${person.id}`;
    const request = { ...ask(), as: person.credential };
    await expectProblem("users.createExport", 401, "session_ended", request);
    expect(await exportsOf(person)).toEqual([]);
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    const request = { ...ask(), as: person.credential };
    await expectProblem("users.createExport", 403, "account_inactive", request);
    expect(await exportsOf(person)).toEqual([]);
  });
});

describe("409", () => {
  test("while an export is being made, with its id", async () => {
    const person = await createAccount();
    // Held as if a worker were at it, so that it stays as it is.
    const [held] = await owner()`
      insert into private.data_exports (user_id, next_attempt_at)
      values (${person.id}, now() + interval '1 hour') returning export_id
    `;
    const request = { ...ask(), as: person.credential };
    const { body } = await expectProblem("users.createExport", 409, "export_pending", request);
    expect(body.resource_id).toBe(held?.export_id);
    expect(await exportsOf(person)).toHaveLength(1);
  });
});

describe("422", () => {
  test("for the key of another request", async () => {
    const person = await createAccount();
    const headers = newKey();
    const consent = { document: "terms", version: "2026-11-01" };
    await call("users.recordConsent", { as: person.credential, headers, body: consent });
    const request = { as: person.credential, headers };
    await expectProblem("users.createExport", 422, "idempotency_key_reused", request);
    expect(await exportsOf(person)).toEqual([]);
  });
});
