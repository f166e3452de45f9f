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
import { addDocument, startVerification } from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let draft: Verification;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  draft = await startVerification(anna);
});

const request = () => ({ params: { verification_id: draft.verification_id } });

describeCommonAnswers("kyc.getVerification", { caller: () => anna.credential, request });

describeOwnership("kyc.getVerification", {
  stranger: () => berta,
  request,
  keeps: () => owner()`select * from public.kyc_verifications where user_id = ${anna.id}`,
});

describe("200", () => {
  test("what was answered when it was started", async () => {
    const { status, body, headers } = await call("kyc.getVerification", {
      ...request(),
      as: anna.credential,
    });
    expect(status).toBe(200);
    expect(body).toEqual(draft);
    expect(headers.get("etag")).toBe('"v1"');
  });

  test("its documents, and a new version for each change", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const document = await addDocument(person, verification_id);
    const { body, headers } = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id },
    });
    expect(body.documents).toEqual([document]);
    expect(headers.get("etag")).toBe(`"v${body.version}"`);
    expect(body.version).toBeGreaterThan(1);
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    await softDelete(owner(), person);
    const deleted = { as: person.credential, params: { verification_id } };
    await expectProblem("kyc.getVerification", 403, "account_inactive", deleted);
  });
});
