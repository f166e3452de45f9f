import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import {
  cut,
  hugePicture,
  pdf,
  picture,
  pictureWithArchive,
  pictureWithPlace,
  rubbish,
  type TestFile,
} from "../helpers/api-files.ts";
import { announce, startVerification, upload } from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let params: Record<string, string>;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  params = await uploaded(anna, await picture());
});

/** Announces a file, perhaps as something else, and uploads it. */
async function uploaded(
  account: Account,
  file: TestFile,
  changes: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const { body } = await call("kyc.getStatus", { as: account.credential });
  const id = body.verification_id ?? (await startVerification(account)).verification_id;
  const announced = await announce(account, id, file, changes);
  await upload(account, announced, file);
  return { verification_id: id, document_id: announced.document.document_id };
}

const documentOf = (id: string | undefined) =>
  owner()`select * from public.kyc_documents where document_id = ${id ?? ""}::text::uuid`;

const request = (): ApiRequest => ({ params });

describeCommonAnswers("kyc.completeDocument", {
  caller: () => anna.credential,
  request,
  keeps: () => documentOf(params.document_id),
});

describeOwnership("kyc.completeDocument", {
  stranger: () => berta,
  request,
  keeps: () => documentOf(params.document_id),
});

describe("200", () => {
  test.each([
    [
      "a JPEG",
      () => picture("jpeg", { width: 300, height: 200 }),
      { width_px: 300, height_px: 200 },
    ],
    ["a PNG", () => picture("png", { width: 500, height: 700 }), { width_px: 500, height_px: 700 }],
    ["a PDF", async () => pdf(), { width_px: null, height_px: null }],
  ])("%s that is what was announced", async (_what, make, size) => {
    const person = await createAccount();
    const target = await uploaded(person, await make());
    const { status, body } = await call("kyc.completeDocument", {
      as: person.credential,
      params: target,
    });
    expect([status, body.status, body.reason_code]).toEqual([200, "uploaded", null]);
    expect(await documentOf(target.document_id)).toMatchObject([size]);

    const again = await call("kyc.completeDocument", { as: person.credential, params: target });
    expect(again.body).toEqual(body);
  });
});

describe("403", () => {
  test("a suspended account", async () => {
    const person = await createAccount();
    const target = await uploaded(person, await picture());
    await suspend(owner(), person);
    const before = await documentOf(target.document_id);
    const suspended = { as: person.credential, params: target };
    await expectProblem("kyc.completeDocument", 403, "account_inactive", suspended);
    expect(await documentOf(target.document_id)).toEqual(before);
  });
});

describe("404", () => {
  test("an own document under another own verification's id", async () => {
    const wrong = { verification_id: crypto.randomUUID(), document_id: params.document_id ?? "" };
    const asked = { as: anna.credential, params: wrong };
    await expectProblem("kyc.completeDocument", 404, "not_found", asked);
  });
});

describe("409", () => {
  test("a document that has been replaced", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const first = await announce(person, verification_id, await picture());
    await announce(person, verification_id, await picture());
    const { document_id } = first.document;
    await expectProblem("kyc.completeDocument", 409, "verification_not_editable", {
      as: person.credential,
      params: { verification_id, document_id },
    });
  });
});

describe("422", () => {
  test("before the file has arrived, and the document waits on", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const { document } = await announce(person, verification_id, await picture());
    const target = { verification_id, document_id: document.document_id };
    const early = { as: person.credential, params: target };
    await expectProblem("kyc.completeDocument", 422, "document_not_uploaded", early);
    expect(await documentOf(document.document_id)).toMatchObject([{ status: "pending" }]);
  });

  test.each([
    ["another size than announced", picture, { size_bytes: 5_000 }, "size", "other"],
    ["no known kind of file", async () => rubbish(), {}, "unreadable", "image_unreadable"],
    [
      "another kind of file than announced",
      () => picture("png"),
      { content_type: "image/jpeg" },
      "content_type",
      "other",
    ],
    [
      "too few pixels",
      () => picture("png", { width: 299, height: 120 }),
      {},
      "dimensions",
      "image_unreadable",
    ],
    ["another file of the same size", picture, { sha256: "0".repeat(64) }, "sha256", "other"],
    [
      "a picture that is cut off",
      async () => cut(await picture()),
      {},
      "unreadable",
      "image_unreadable",
    ],
    [
      "a picture with an archive behind it",
      pictureWithArchive,
      {},
      "unreadable",
      "image_unreadable",
    ],
    ["a picture that says where it was taken", pictureWithPlace, {}, "metadata", "other"],
    ["far too many pixels for its size", hugePicture, {}, "dimensions", "image_unreadable"],
  ])(
    "[DOC-01] %s: the document is rejected, for good",
    async (_what, make, changes, code, reason) => {
      const person = await createAccount();
      const target = await uploaded(person, await make(), changes);
      const asked = { as: person.credential, params: target };
      const { body } = await expectProblem("kyc.completeDocument", 422, "document_invalid", asked);
      expect(body.errors).toEqual([expect.objectContaining({ pointer: "file", code })]);
      const rejected = await documentOf(target.document_id);
      expect(rejected).toMatchObject([{ status: "rejected", reason_code: reason }]);

      await expectProblem("kyc.completeDocument", 422, "document_invalid", asked);
      expect(await documentOf(target.document_id)).toEqual(rejected);
    },
  );
});
