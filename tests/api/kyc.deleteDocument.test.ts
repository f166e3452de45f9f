import { beforeAll, describe, expect, test } from "vitest";
import type {
  Document,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  secretKey,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { picture } from "../helpers/api-files.ts";
import {
  addDocument,
  announce,
  readyToSubmit,
  startVerification,
  submit,
  verificationIn,
  waitForStatus,
} from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let draft: Verification;
let kept: Document;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  draft = await startVerification(anna);
  kept = await addDocument(anna, draft.verification_id);
});

const request = (
  { verification_id } = draft,
  { document_id }: Pick<Document, "document_id"> = kept,
) => ({ params: { verification_id, document_id } });
const documentsOf = ({ id }: Account) =>
  owner()`select * from public.kyc_documents where user_id = ${id} order by document_id`;

describeCommonAnswers("kyc.deleteDocument", {
  caller: () => anna.credential,
  request,
  keeps: () => documentsOf(anna),
});

describeOwnership("kyc.deleteDocument", {
  stranger: () => berta,
  request,
  keeps: () => documentsOf(anna),
});

const remove = (account: Account, verification: Verification, document: Document) =>
  call("kyc.deleteDocument", { ...request(verification, document), as: account.credential });

describe("204", () => {
  test("the document and its file are gone, and another takes the place", async () => {
    const person = await createAccount();
    const verification = await startVerification(person);
    const document = await addDocument(person, verification.verification_id);
    const path = `${person.id}/${verification.verification_id}/${document.document_id}`;
    expect((await person.client.storage.from("kyc-documents").download(path)).error).toBeNull();

    const { status, text } = await remove(person, verification, document);
    expect([status, text]).toEqual([204, ""]);
    await call("worker.run", { as: secretKey(), body: {} });
    await expect
      .poll(async () => (await person.client.storage.from("kyc-documents").download(path)).data, {
        timeout: 5_000,
        interval: 25,
      })
      .toBeNull();
    const { body } = await call("kyc.getVerification", {
      as: person.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(body.documents).toEqual([]);
    expect(body.version).toBeGreaterThan(verification.version);
    await addDocument(person, verification.verification_id);
  });

  test("one that was announced and never uploaded", async () => {
    const person = await createAccount();
    const verification = await startVerification(person);
    const { document } = await announce(person, verification.verification_id, await picture());
    expect((await remove(person, verification, document)).status).toBe(204);
    await expectProblem("kyc.deleteDocument", 404, "not_found", {
      ...request(verification, document),
      as: person.credential,
    });
  });

  test("the files of the other documents still go when their time has come", async () => {
    const person = await createAccount();
    const verification = await startVerification(person);
    const document = await addDocument(person, verification.verification_id);
    await remove(person, verification, document);
    await call("worker.run", { as: secretKey(), body: {} });
    const [row] = await owner()`
      select purged_at from private.kyc_cases where verification_id = ${verification.verification_id}
    `;
    expect(row).toEqual({ purged_at: null });
  });
});

describe("403", () => {
  test("a suspended account", async () => {
    const person = await createAccount();
    const verification = await startVerification(person);
    const document = await addDocument(person, verification.verification_id);
    await suspend(owner(), person);
    const before = await documentsOf(person);
    const suspended = { ...request(verification, document), as: person.credential };
    await expectProblem("kyc.deleteDocument", 403, "account_inactive", suspended);
    expect(await documentsOf(person)).toEqual(before);
  });
});

describe("409", () => {
  test("a verification that has been decided", async () => {
    const person = await createAccount();
    const verification = await verificationIn(person, "approved");
    const before = await documentsOf(person);
    const late = { params: { ...request(verification, verification.documents[0]).params } };
    await expectProblem("kyc.deleteDocument", 409, "verification_not_editable", {
      ...late,
      as: person.credential,
    });
    expect(await documentsOf(person)).toEqual(before);
  });

  test("what was handed in: rejected it has to be replaced, accepted it stays", async () => {
    const person = await createAccount({ tag: "+kyc-retry" });
    const ready = await readyToSubmit(person);
    const proof = await picture();
    const { document } = await announce(person, ready.verification_id, proof, {
      type: "proof_of_address",
    });
    const { client, credential: as } = person;
    const path = `${person.id}/${ready.verification_id}/${document.document_id}`;
    const params = {
      verification_id: ready.verification_id,
      document_id: document.document_id,
    };
    await client.storage
      .from("kyc-documents")
      .upload(path, proof.bytes, { contentType: proof.contentType });
    expect((await call("kyc.completeDocument", { as, params })).status).toBe(200);
    await submit(person, ready);
    await waitForStatus(person, ready, "resubmission_required");
    const { body } = await call("kyc.getVerification", {
      as,
      params: { verification_id: ready.verification_id },
    });
    const statuses = body.documents.map(({ type, status }: Document) => `${type} ${status}`);
    expect(statuses.sort()).toEqual(["passport rejected", "proof_of_address accepted"]);
    const before = await documentsOf(person);
    for (const each of body.documents) {
      await expectProblem("kyc.deleteDocument", 409, "verification_not_editable", {
        ...request(ready, each),
        as,
      });
    }
    expect(await documentsOf(person)).toEqual(before);
  });
});
