import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey, startVerification, verificationIn } from "../helpers/api-kyc.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
const own: Verification[] = [];
let anna: Account;
let berta: Account;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  own.push(await verificationIn(anna, "approved"));
  for (let count = 0; count < 3; count += 1) {
    const draft = await startVerification(anna);
    const { body } = await call("kyc.cancelVerification", {
      as: anna.credential,
      params: { verification_id: draft.verification_id },
      headers: newKey(),
    });
    own.push(body);
  }
  for (let count = 0; count < 2; count += 1) {
    const { verification_id } = await startVerification(berta);
    if (count > 0) break;
    await call("kyc.cancelVerification", {
      as: berta.credential,
      params: { verification_id },
      headers: newKey(),
    });
  }
});

describeCommonAnswers("kyc.listVerifications", {
  caller: () => anna.credential,
  request: () => ({}),
});

describe.each(["-created_at", "created_at"])("sorted by %s", (sort) => {
  describePages("kyc.listVerifications", {
    caller: () => anna,
    otherCaller: () => berta,
    request: () => ({ query: `?sort=${sort}` }),
    idOf: ({ verification_id }) => verification_id,
    count: 4,
  });
});

const list = async (query = "") => {
  const { status, body } = await call("kyc.listVerifications", { as: anna.credential, query });
  expect(status).toBe(200);
  return body;
};

describe("200", () => {
  test("the own ones, newest first, each with what follows on what", async () => {
    const { items, next_cursor } = await list();
    expect(next_cursor).toBeNull();
    expect(items.map(({ verification_id }: Verification) => verification_id)).toEqual(
      own.map(({ verification_id }) => verification_id).reverse(),
    );
    expect(items.at(-1)).toMatchObject({ status: "approved", attempt: 1, previous_id: null });
    expect(items.at(-1).expires_at).toBe(own[0]?.expires_at);
    expect(items[0]).toMatchObject({
      status: "cancelled",
      previous_id: own[2]?.verification_id,
      expires_at: null,
    });
  });

  test("oldest first on demand", async () => {
    const { items } = await list("?sort=created_at");
    expect(items.map(({ verification_id }: Verification) => verification_id)).toEqual(
      own.map(({ verification_id }) => verification_id),
    );
  });

  test("nothing for somebody who has not begun", async () => {
    const { credential } = await createAccount();
    const { body } = await call("kyc.listVerifications", { as: credential });
    expect(body).toEqual({ items: [], next_cursor: null });
  });
});

describe("400", () => {
  test.each(["status", "-updated_at", "created_at,status"])("a sort by %s", async (sort) => {
    await expectProblem("kyc.listVerifications", 400, "validation_failed", {
      as: anna.credential,
      query: `?sort=${sort}`,
    });
  });

  test("a cursor of the other direction", async () => {
    const { next_cursor } = await list("?limit=1&sort=created_at");
    await expectProblem("kyc.listVerifications", 400, "invalid_cursor", {
      as: anna.credential,
      query: `?limit=1&cursor=${next_cursor}`,
    });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    const deleted = { as: person.credential };
    await expectProblem("kyc.listVerifications", 403, "account_inactive", deleted);
  });
});
