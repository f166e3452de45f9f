import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { ADDRESS } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const addressOf = ({ id }: Account) =>
  owner()`select * from public.addresses where user_id = ${id}`;

const put = (as: Account, body: unknown, ifMatch = "*"): ApiRequest => ({
  as: as.credential,
  headers: { "if-match": ifMatch },
  body,
});

describeCommonAnswers("users.putMyAddress", {
  caller: () => anna.credential,
  request: () => ({ headers: { "if-match": "*" }, body: ADDRESS }),
  keeps: () => addressOf(anna),
});

describe("200", () => {
  test("the first address is made, the next one takes its place", async () => {
    const person = await createAccount();
    const first = await call("users.putMyAddress", put(person, ADDRESS, '"v1"'));
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ ...ADDRESS, street_address_2: null });

    const body = { ...ADDRESS, street_address_2: "3rd floor", city: "Bern", country: "CH" };
    const second = await call(
      "users.putMyAddress",
      put(person, body, first.headers.get("etag") ?? ""),
    );
    expect(second.body).toMatchObject({ ...body, address_id: first.body.address_id });
    expect(await addressOf(person)).toHaveLength(1);
  });

  test("profile and address share one ETag", async () => {
    const person = await createAccount();
    const { headers } = await call("users.putMyAddress", put(person, ADDRESS, '"v1"'));
    const me = await call("users.getMe", { as: person.credential });
    expect(headers.get("etag")).toBe(me.headers.get("etag"));
  });
});

describe("400", () => {
  test.each([
    ["a country that does not exist", { ...ADDRESS, country: "XX" }, "#/country"],
    ["a country in small letters", { ...ADDRESS, country: "de" }, "#/country"],
    ["a postal code with a semicolon", { ...ADDRESS, postal_code: "1;2" }, "#/postal_code"],
    ["a line too long", { ...ADDRESS, city: "x".repeat(201) }, "#/city"],
  ])("for %s", async (_what, body, pointer) => {
    const before = await addressOf(anna);
    const answer = await expectProblem(
      "users.putMyAddress",
      400,
      "validation_failed",
      put(anna, body),
    );
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer }));
    expect(await addressOf(anna)).toEqual(before);
  });

  test("for each member that is missing", async () => {
    const { body } = await expectProblem(
      "users.putMyAddress",
      400,
      "validation_failed",
      put(anna, {}),
    );
    const missing = body.errors.map(({ pointer }: { pointer: string }) => pointer.slice(2));
    expect(missing.sort()).toEqual(Object.keys(ADDRESS).sort());
  });
});

describe("403", () => {
  test.each([
    ["suspended", suspend],
    ["deleted", softDelete],
  ])("a %s account changes nothing", async (_what, stop) => {
    const person = await createAccount();
    await stop(owner(), person);
    await expectProblem("users.putMyAddress", 403, "account_inactive", put(person, ADDRESS));
    expect(await addressOf(person)).toEqual([]);
  });
});
