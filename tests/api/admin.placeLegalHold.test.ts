import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { erasureIn, placeHold, requestErasure, unknownId } from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let compliance: Account;
let admin: Account;
let anna: Account;

beforeAll(async () => {
  [compliance, admin, anna] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "admin"),
    createAccount(),
  ]);
});

const holdsOn = ({ id }: Account) =>
  owner()`select * from private.legal_holds where user_id = ${id} order by hold_id`;
const place = (userId: string, reason = "litigation"): ApiRequest => ({
  params: { user_id: userId },
  headers: newKey(),
  body: { reason_code: reason },
});

describeCommonAnswers("admin.placeLegalHold", {
  caller: () => compliance.credential,
  outsider: () => anna.credential,
  request: () => place(anna.id),
  keeps: () => holdsOn(anna),
});

describe("201", () => {
  test("a hold, once per key", async () => {
    const person = await createAccount();
    const request = { ...place(person.id), as: compliance.credential };
    const first = await call("admin.placeLegalHold", request);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      user_id: person.id,
      reason_code: "litigation",
      placed_by: compliance.id,
      released_at: null,
    });
    const replay = await call("admin.placeLegalHold", request);
    expect(replay.text).toBe(first.text);
    expect(replay.headers.get("idempotent-replayed")).toBe("true");
    expect(await holdsOn(person)).toHaveLength(1);
  });
});

describe("400", () => {
  test.each([{}, { reason_code: "whim" }, { reason_code: "litigation", note: "Anna" }])(
    "for %o",
    async (body) => {
      const request = { ...place(anna.id), body, as: compliance.credential };
      await expectProblem("admin.placeLegalHold", 400, "validation_failed", request);
      expect(await holdsOn(anna)).toEqual([]);
    },
  );
});

describe("403", () => {
  test("administrators of accounts do not hold data", async () => {
    const request = { ...place(anna.id), as: admin.credential };
    await expectProblem("admin.placeLegalHold", 403, "forbidden", request);
    expect(await holdsOn(anna)).toEqual([]);
  });
});

describe("404", () => {
  test("for somebody who is not there", async () => {
    const request = { ...place(unknownId()), as: compliance.credential };
    await expectProblem("admin.placeLegalHold", 404, "not_found", request);
  });
});

describe("409", () => {
  test("a second hold for the same reason, with the id of the first", async () => {
    const person = await createAccount();
    const { hold_id } = await placeHold(compliance, person.id, "dispute");
    const request = { ...place(person.id, "dispute"), as: compliance.credential };
    const { body } = await expectProblem("admin.placeLegalHold", 409, "legal_hold", request);
    expect(body.resource_id).toBe(hold_id);
    expect(await holdsOn(person)).toHaveLength(1);
  });

  test("somebody who has been erased", async () => {
    const person = await createAccount();
    await requestErasure(person);
    await erasureIn(owner(), person, "completed");
    const request = { ...place(person.id), as: compliance.credential };
    await expectProblem("admin.placeLegalHold", 409, "account_state_conflict", request);
    expect(await holdsOn(person)).toEqual([]);
  });
});

describe("422", () => {
  test("for the key of another request", async () => {
    const person = await createAccount();
    const request = { ...place(person.id), as: compliance.credential };
    await call("admin.placeLegalHold", request);
    const other = { ...request, body: { reason_code: "dispute" } };
    await expectProblem("admin.placeLegalHold", 422, "idempotency_key_reused", other);
    expect(await holdsOn(person)).toHaveLength(1);
  });
});
