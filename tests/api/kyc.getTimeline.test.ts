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
import { startVerification, verificationIn } from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let approved: Verification;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  approved = await verificationIn(anna, "approved");
});

const request = () => ({ params: { verification_id: approved.verification_id } });

describeCommonAnswers("kyc.getTimeline", { caller: () => anna.credential, request });

describeOwnership("kyc.getTimeline", {
  stranger: () => berta,
  request,
  keeps: () =>
    owner()`select * from private.audit_log where stream = ${`kyc:${approved.verification_id}`}`,
});

describePages("kyc.getTimeline", {
  caller: () => anna,
  otherCaller: () => berta,
  request,
  idOf: ({ at, status }) => `${at} ${status}`,
  count: 3,
});

describe("200", () => {
  test("each step with who took it, oldest first", async () => {
    const { body } = await call("kyc.getTimeline", { ...request(), as: anna.credential });
    const steps = body.items.map(({ status, actor, attempt }: Record<string, unknown>) =>
      [status, actor, attempt].join(" "),
    );
    expect(steps[0]).toBe("draft user 0");
    expect(steps[1]).toBe("submitted user 1");
    expect(steps.at(-1)).toBe("approved provider 1");
    expect(body.next_cursor).toBeNull();
  });

  test("400 for the cursor of another verification", async () => {
    const { body } = await call("kyc.getTimeline", {
      ...request(),
      as: anna.credential,
      query: "?limit=1",
    });
    const next = await startVerification(anna);
    await expectProblem("kyc.getTimeline", 400, "invalid_cursor", {
      as: anna.credential,
      params: { verification_id: next.verification_id },
      query: `?limit=1&cursor=${body.next_cursor}`,
    });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    await softDelete(owner(), person);
    const deleted = { as: person.credential, params: { verification_id } };
    await expectProblem("kyc.getTimeline", 403, "account_inactive", deleted);
  });
});
