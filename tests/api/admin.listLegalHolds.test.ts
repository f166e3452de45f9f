import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describePages } from "../helpers/api-pages.ts";
import { placeHold } from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let compliance: Account;
let auditor: Account;
let anna: Account;

beforeAll(async () => {
  [compliance, auditor, anna] = await Promise.all([
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "auditor"),
    createAccount(),
  ]);
  for (const reason of ["litigation", "dispute", "investigation"]) {
    await placeHold(compliance, anna.id, reason);
  }
});

describeCommonAnswers("admin.listLegalHolds", {
  caller: () => auditor.credential,
  outsider: () => anna.credential,
  request: () => ({}),
});

describePages("admin.listLegalHolds", {
  caller: () => auditor,
  otherCaller: () => compliance,
  request: () => ({ query: `?user_id=${anna.id}` }),
  idOf: ({ hold_id }) => hold_id,
  count: 3,
});

describe("200", () => {
  test("the holds on a person, newest first; those that hold, those that did", async () => {
    const as = auditor.credential;
    const list = async (query: string) => {
      const { body } = await call("admin.listLegalHolds", {
        as,
        query: `?user_id=${anna.id}${query}`,
      });
      return body.items.map(({ reason_code }: { reason_code: string }) => reason_code);
    };
    expect(await list("")).toEqual(["investigation", "dispute", "litigation"]);
    const [newest] = await owner()`
      select hold_id from private.legal_holds where user_id = ${anna.id} order by hold_id desc limit 1
    `;
    const params = { hold_id: newest?.hold_id };
    await call("admin.releaseLegalHold", { as: compliance.credential, params });
    expect(await list("&is_active=true")).toEqual(["dispute", "litigation"]);
    expect(await list("&is_active=false")).toEqual(["investigation"]);
  });
});

describe("400", () => {
  test.each(["?is_active=perhaps", "?user_id=me", "?reason=dispute"])("for %s", async (query) => {
    const request = { as: auditor.credential, query };
    await expectProblem("admin.listLegalHolds", 400, "validation_failed", request);
  });
});
