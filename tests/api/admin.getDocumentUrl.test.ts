import { createHash, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { picture } from "../helpers/api-files.ts";
import { addDocument, announce, startVerification } from "../helpers/api-kyc.ts";
import { caseOf, entriesOf, hold, inReview } from "../helpers/api-review.ts";

const owner = ownerConnection();
let reviewer: Account;
let outsider: Account;
let person: Account;
let waiting: Verification;

beforeAll(async () => {
  [reviewer, outsider, person] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "support", "auditor", "admin"),
    createAccount({ tag: "+kyc-review" }),
  ]);
  waiting = await inReview(owner(), { person });
});

const link = (verification = waiting, as = reviewer): ApiRequest => ({
  as: as.credential,
  params: {
    verification_id: verification.verification_id,
    document_id: verification.documents[0]?.document_id ?? "",
  },
});

describeCommonAnswers("admin.getDocumentUrl", {
  caller: () => reviewer.credential,
  outsider: () => outsider.credential,
  request: () => {
    const { as: _, ...request } = link();
    return request;
  },
  keeps: () => caseOf(owner(), waiting),
});

describe("200", () => {
  test("a link to the very bytes, for sixty seconds, and an entry that says who got it", async () => {
    const before = Date.now();
    const { status, body, headers } = await call("admin.getDocumentUrl", link());
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toContain("no-store");
    const rest = Date.parse(body.expires_at) - before;
    expect(rest).toBeGreaterThan(55_000);
    expect(rest).toBeLessThan(65_000);
    const file = await fetch(body.url);
    expect([file.status, file.headers.get("content-type")]).toEqual([200, body.content_type]);
    const bytes = new Uint8Array(await file.arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(body.sha256);
    const token = new URL(body.url).searchParams.get("token") ?? "";
    const { iat, exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(exp - iat).toBe(60);
    const entries = await entriesOf(owner(), waiting, "kyc.document_read");
    expect(entries.at(-1)).toEqual({
      actor_id: reviewer.id,
      subject_type: "kyc_document",
      subject_id: body.document_id,
      request_id: headers.get("x-request-id"),
      details: { attempt: 1 },
    });
  });

  test("each request is written down, and keeps the hold of who is at work", async () => {
    await hold(reviewer, waiting, reviewer);
    await owner()`update private.kyc_cases set lease_expires_at = private.now() + interval '1 minute'
      where verification_id = ${waiting.verification_id}`;
    const before = await entriesOf(owner(), waiting, "kyc.document_read");
    await call("admin.getDocumentUrl", link());
    await call("admin.getDocumentUrl", link());
    const after = await entriesOf(owner(), waiting, "kyc.document_read");
    expect(after.length).toBe(before.length + 2);
    const [state] = await owner()`
      select lease_expires_at > private.now() + interval '29 minutes' as is_prolonged
      from private.kyc_cases where verification_id = ${waiting.verification_id}`;
    expect(state).toEqual({ is_prolonged: true });
  });

  test("a link with another path or a changed token shows nothing", async () => {
    const { body } = await call("admin.getDocumentUrl", link());
    const other = await startVerification(await createAccount());
    for (const forged of [
      body.url.replace(waiting.verification_id, other.verification_id),
      body.url.slice(0, -3),
      body.url.split("?")[0],
    ]) {
      const answer = await fetch(forged);
      expect([forged, answer.ok]).toEqual([forged, false]);
      await answer.body?.cancel();
    }
  });
});

/** Expects a refusal that leaves no entry. */
async function expectRefused(status: number, code: string, request: ApiRequest) {
  const before = await caseOf(owner(), waiting);
  await expectProblem("admin.getDocumentUrl", status, code, request);
  expect(await caseOf(owner(), waiting)).toEqual(before);
}

describe("403", () => {
  test("[DOC-03] for support, auditor and administrator, one by one", async () => {
    for (const role of ["support", "auditor", "admin"]) {
      const staff = await createStaff(owner(), role);
      await expectRefused(403, "forbidden", link(waiting, staff));
    }
  });

  test("[QUEUE-02] for the own document, whatever the role", async () => {
    await expectRefused(403, "forbidden", link(waiting, person));
    const own = await createAccount({ tag: "+kyc-review" });
    const verification = await inReview(owner(), { person: own });
    await owner()`insert into private.user_roles (user_id, role) values (${own.id}, 'approver')`;
    await expectProblem("admin.getDocumentUrl", 403, "forbidden", link(verification, own));
  });
});

describe("404", () => {
  test("for ids that nobody has, and for a document of another case", async () => {
    const other = await inReview(owner());
    const params = (verification_id: string, document_id: string) => ({
      ...link(),
      params: { verification_id, document_id },
    });
    const document = waiting.documents[0]?.document_id ?? "";
    await expectRefused(404, "not_found", params(waiting.verification_id, randomUUID()));
    await expectRefused(404, "not_found", params(randomUUID(), document));
    await expectRefused(404, "not_found", params(other.verification_id, document));
  });

  test("for a document that has not been uploaded", async () => {
    const account = await createAccount();
    const draft = await startVerification(account);
    const { document } = await announce(account, draft.verification_id, await picture());
    const params = {
      verification_id: draft.verification_id,
      document_id: document.document_id,
    };
    await expectRefused(404, "not_found", { ...link(), params });
  });

  test("for a file that is gone, as Storage or as our records say", async () => {
    const account = await createAccount();
    const draft = await startVerification(account);
    const document = await addDocument(account, draft.verification_id);
    const params = {
      verification_id: draft.verification_id,
      document_id: document.document_id,
    };
    expect((await call("admin.getDocumentUrl", { ...link(), params })).status).toBe(200);
    await owner().begin(async (sql) => {
      await sql`select set_config('storage.allow_delete_query', 'true', true),
        set_config('storage.can_delete', 'true', true)`;
      await sql`delete from storage.objects where name like ${`%${document.document_id}`}`;
    });
    const before = await entriesOf(owner(), draft, "kyc.document_read");
    await expectProblem("admin.getDocumentUrl", 404, "not_found", { ...link(), params });
    expect(await entriesOf(owner(), draft, "kyc.document_read")).toEqual(before);
    await owner()`update public.kyc_documents set purged_at = now() where document_id = ${document.document_id}`;
    await expectProblem("admin.getDocumentUrl", 404, "not_found", { ...link(), params });
  });
});
