import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, suspend } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { pdf, picture, type TestFile } from "../helpers/api-files.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import {
  addDocument,
  announce,
  announcement,
  newKey,
  startVerification,
  upload,
  verificationIn,
} from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let verificationId: string;
let file: TestFile;

beforeAll(async () => {
  [anna, berta, file] = await Promise.all([createAccount(), createAccount(), picture()]);
  verificationId = (await startVerification(anna)).verification_id;
});

const documentsOf = ({ id }: Account) =>
  owner()`select * from public.kyc_documents where user_id = ${id} order by document_id`;

const request = (changes: Record<string, unknown> = {}): ApiRequest => ({
  params: { verification_id: verificationId },
  headers: newKey(),
  body: announcement(file, changes),
});

describeCommonAnswers("kyc.addDocument", {
  caller: () => anna.credential,
  request,
  keeps: () => documentsOf(anna),
});

describeOwnership("kyc.addDocument", {
  stranger: () => berta,
  request,
  keeps: () => documentsOf(anna),
});

describeIdempotency("kyc.addDocument", {
  caller: () => createAccount(),
  request: async (account) => ({
    params: { verification_id: (await startVerification(account)).verification_id },
    body: announcement(file),
  }),
  otherRequest: async (account) => {
    const { body } = await call("kyc.getStatus", { as: account.credential });
    const params = { verification_id: body.verification_id };
    return { params, body: announcement(file, { type: "selfie" }) };
  },
  effects: async (account) => (await documentsOf(account)).length,
  // A link is good for two hours, a key for two days: a repeated request gets a link that works.
  fresh: ["upload"],
});

describe("201", () => {
  test("the document, and a place to upload it to once", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const { document, upload: target } = await announce(person, verification_id, file);
    expect(document).toMatchObject({
      verification_id,
      type: "passport",
      side: "front",
      status: "pending",
      content_type: "image/jpeg",
      size_bytes: file.bytes.byteLength,
      sha256: file.sha256,
      attempt: 1,
    });
    expect(target.path).toBe(`${person.id}/${verification_id}/${document.document_id}`);
    expect(Date.parse(target.expires_at)).toBeGreaterThan(Date.now() + 60_000);

    const put = () =>
      fetch(target.url, {
        method: target.method,
        headers: { "content-type": "image/jpeg" },
        body: new Uint8Array(file.bytes),
      });
    expect((await put()).ok).toBe(true);
    expect((await put()).ok).toBe(false);
  });

  test("a document that was not uploaded is replaced", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const first = await announce(person, verification_id, file);
    const second = await announce(person, verification_id, pdf());
    expect(second.document.document_id).not.toBe(first.document.document_id);
    const { body } = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id },
    });
    expect(body.documents).toEqual([second.document]);
  });

  test("a file is only taken where it was announced", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const { upload: target } = await announce(person, verification_id, file);
    const bucket = person.client.storage.from(target.bucket);
    const options = { contentType: "image/jpeg" };
    for (const path of [`${target.path}-2`, `${anna.id}/${verificationId}/x`, "x", "../x"]) {
      const { error } = await bucket.upload(path, file.bytes, options);
      expect(error, path).not.toBeNull();
    }
    expect((await bucket.upload(target.path, file.bytes, options)).error).toBeNull();
  });
});

describe("400", () => {
  test.each([
    ["a side that the type does not have", { type: "passport", side: "back" }, "#/side"],
    ["an unknown type", { type: "library_card" }, "#/type"],
    ["a format that is not taken", { content_type: "image/gif" }, "#/content_type"],
    ["a file that is too small", { size_bytes: 2_047 }, "#/size_bytes"],
    ["a file that is too large", { size_bytes: 10_485_761 }, "#/size_bytes"],
    ["a size in words", { size_bytes: "10 MB" }, "#/size_bytes"],
    ["a hash in capitals", { sha256: "A".repeat(64) }, "#/sha256"],
  ])("for %s", async (_what, changes, pointer) => {
    const before = await documentsOf(anna);
    const wrong = { ...request(changes), as: anna.credential };
    const { body } = await expectProblem("kyc.addDocument", 400, "validation_failed", wrong);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
    expect(await documentsOf(anna)).toEqual(before);
  });
});

describe("403", () => {
  test("[AUTH-04] a suspended account adds nothing", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    await suspend(owner(), person);
    await expectProblem("kyc.addDocument", 403, "account_inactive", {
      as: person.credential,
      params: { verification_id },
      headers: newKey(),
      body: announcement(file),
    });
    expect(await documentsOf(person)).toEqual([]);
  });
});

describe("409", () => {
  test("for a side that is there already, and says which document", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const document = await addDocument(person, verification_id);
    const { body } = await expectProblem("kyc.addDocument", 409, "document_exists", {
      as: person.credential,
      params: { verification_id },
      headers: newKey(),
      body: announcement(file),
    });
    expect(body.resource_id).toBe(document.document_id);
  });

  test("for a verification that has been decided", async () => {
    const person = await createAccount();
    const { verification_id } = await verificationIn(person, "approved");
    const before = await documentsOf(person);
    await expectProblem("kyc.addDocument", 409, "verification_not_editable", {
      as: person.credential,
      params: { verification_id },
      headers: newKey(),
      body: announcement(file),
    });
    expect(await documentsOf(person)).toEqual(before);
  });

  test("for the repetition of a request whose file has come meanwhile", async () => {
    const person = await createAccount();
    const { verification_id } = await startVerification(person);
    const again: ApiRequest = {
      as: person.credential,
      params: { verification_id },
      headers: newKey(),
      body: announcement(file),
    };
    await upload(person, (await call("kyc.addDocument", again)).body, file);
    await expectProblem("kyc.addDocument", 409, "verification_not_editable", again);
  });
});
