import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { erasureIn, placeHold, requestErasure, unknownId } from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let compliance: Account;
let admin: Account;
let anna: Account;
let hold: string;

beforeAll(async () => {
  [compliance, admin, anna] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "admin"),
    createAccount(),
  ]);
  hold = (await placeHold(compliance, anna.id)).hold_id;
});

const rowOf = (id: string) => owner()`select * from private.legal_holds where hold_id = ${id}`;
const release = (id: string) => ({ as: compliance.credential, params: { hold_id: id } });

describeCommonAnswers("admin.releaseLegalHold", {
  caller: () => compliance.credential,
  outsider: () => anna.credential,
  request: () => ({ params: { hold_id: hold } }),
  keeps: () => rowOf(hold),
});

describe("200", () => {
  test("an erasure that waited goes on; releasing twice is fine", async () => {
    const person = await createAccount();
    const { hold_id: id } = await placeHold(compliance, person.id);
    expect(await requestErasure(person)).toMatchObject({ status: "legal_hold" });
    const first = await call("admin.releaseLegalHold", release(id));
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ hold_id: id, released_by: compliance.id });
    const second = await call("admin.releaseLegalHold", release(id));
    expect(second.body).toEqual(first.body);
    await erasureIn(owner(), person, "completed");
  });
});

describe("400", () => {
  test("for an id that is none", async () => {
    await expectProblem("admin.releaseLegalHold", 400, "validation_failed", release("me"));
  });
});

describe("403", () => {
  test("administrators of accounts do not release data", async () => {
    const request = { ...release(hold), as: admin.credential };
    await expectProblem("admin.releaseLegalHold", 403, "forbidden", request);
    expect(await rowOf(hold)).toMatchObject([{ released_at: null }]);
  });
});

describe("404", () => {
  test("for a hold that is not there", async () => {
    await expectProblem("admin.releaseLegalHold", 404, "not_found", release(unknownId()));
  });
});
