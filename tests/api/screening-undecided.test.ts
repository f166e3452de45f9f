import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import { createAccount, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { newKey, waitForStatus } from "../helpers/api-kyc.ts";
import { hitsIn, inventedName, readCase, submitAs } from "../helpers/api-screening.ts";
import { loadList } from "../helpers/db-screening.ts";

const owner = ownerConnection();

test("a case with an open hit cannot be approved; the answer names the hit, and deciding it opens the way", async () => {
  const lastName = inventedName();
  const reviewer = await createStaff(owner(), "reviewer");
  const entry = { ref: "M-1", kind: "adverse_media", name: `Anna ${lastName}` } as const;
  await loadList({ sql: owner() }, [entry], { list: `test-${randomUUID()}` });
  const person = await createAccount({ tag: "+kyc-approve" });
  const own = await submitAs(person, lastName);
  await waitForStatus(person, own, "in_review");
  const { version } = (await readCase(reviewer, own)).verification;
  const [hit] = await hitsIn(reviewer, own);
  if (!hit) throw new Error("There is no hit.");
  const params = { verification_id: own.verification_id };
  const approval = () => ({
    as: reviewer.credential,
    params,
    headers: { ...newKey(), "if-match": `"v${version}"` },
    body: { decision: "approve" },
  });

  const { body } = await expectProblem("admin.decideKyc", 409, "screening_undecided", approval());
  expect(body.errors).toEqual([
    { pointer: `screening_hits/${hit.hit_id}`, code: "open", detail: "Decide this hit first." },
  ]);
  const after = await readCase(reviewer, own);
  expect(after.verification).toMatchObject({ status: "in_review", version });
  expect(after.pending_approval).toBeNull();

  const decided = await call("admin.decideScreeningHit", {
    as: reviewer.credential,
    params: { ...params, hit_id: hit.hit_id },
    headers: newKey(),
    body: { decision: "dismiss", entry_hash: hit.entry_hash, note: "Somebody else." },
  });
  expect(decided.status).toBe(200);
  const approved = await call("admin.decideKyc", approval());
  expect([approved.status, approved.body.status]).toEqual([200, "approved"]);
});
