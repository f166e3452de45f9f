import { beforeAll, expect, test } from "vitest";
import type {
  KycProjection,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import {
  addDocument,
  newKey,
  startVerification,
  submit,
  verificationIn,
  waitForStatus,
} from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let reviewer: Account;

beforeAll(async () => {
  reviewer = await createStaff(owner(), "reviewer");
});

async function statusOf({ credential: as }: Account): Promise<KycProjection> {
  const { status, body } = await call("kyc.getStatus", { as });
  expect(status).toBe(200);
  return body;
}

/** What staff decides on a verification that waits for it. */
async function decide(verification: Verification, body: Record<string, unknown>): Promise<void> {
  const { verification_id } = verification;
  const params = { verification_id };
  const seen = await call("admin.getKyc", { as: reviewer.credential, params });
  const { status } = await call("admin.decideKyc", {
    as: reviewer.credential,
    params,
    headers: { ...newKey(), "if-match": `"v${seen.body.verification.version}"` },
    body,
  });
  expect(status).toBe(200);
}

/** Somebody whom staff has approved: the provider of this person always leaves it to an analyst. */
async function approvedPerson(): Promise<{ person: Account; first: KycProjection }> {
  const person = await createAccount({ tag: "+kyc-review" });
  await decide(await verificationIn(person, "in_review"), { decision: "approve" });
  const first = await statusOf(person);
  expect(first).toMatchObject({ status: "approved", next_action: "none" });
  return { person, first };
}

/** A renewal that has come to staff. */
async function renew(person: Account): Promise<Verification> {
  const draft = await startVerification(person);
  await addDocument(person, draft.verification_id);
  await submit(person, draft);
  await waitForStatus(person, draft, "in_review");
  return draft;
}

test("while a renewal runs the approval stays; a second one is refused, also of many at once", async () => {
  const { person, first } = await approvedPerson();
  const as = person.credential;
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => call("kyc.createVerification", { as, headers: newKey() })),
  );
  const created = answers.filter(({ status }) => status === 201);
  expect(created).toHaveLength(1);
  const renewal: Verification = created[0]?.body;
  expect(renewal).toMatchObject({ status: "draft", previous_id: first.verification_id });
  for (const { status, body } of answers.filter((answer) => answer !== created[0])) {
    expect([status, body.code, body.resource_id]).toEqual([
      409,
      "verification_open",
      renewal.verification_id,
    ]);
  }
  expect(await statusOf(person)).toMatchObject({
    status: "approved",
    next_action: "provide_requirements",
    expires_at: first.expires_at,
    verification_id: renewal.verification_id,
  });
  await addDocument(person, renewal.verification_id);
  await submit(person, renewal);
  await waitForStatus(person, renewal, "in_review");
  expect(await statusOf(person)).toMatchObject({
    status: "approved",
    next_action: "wait",
    expires_at: first.expires_at,
  });
  const rows = await owner()`select from public.kyc_verifications where user_id = ${person.id}`;
  expect(rows).toHaveLength(2);
});

test("a renewal that is approved replaces the approval", async () => {
  const { person, first } = await approvedPerson();
  const renewal = await renew(person);
  await decide(renewal, { decision: "approve" });
  const after = await statusOf(person);
  expect(after).toMatchObject({
    status: "approved",
    next_action: "none",
    verification_id: renewal.verification_id,
  });
  expect(Date.parse(after.expires_at ?? "")).toBeGreaterThan(Date.parse(first.expires_at ?? ""));
});

test("a renewal that is rejected leaves the approval until it ends, and is the last word", async () => {
  const { person, first } = await approvedPerson();
  await decide(await renew(person), { decision: "reject", reason_code: "document_fraud" });
  expect(await statusOf(person)).toMatchObject({
    status: "approved",
    next_action: "contact_support",
    can_retry: false,
    expires_at: first.expires_at,
  });
  await expectProblem("kyc.createVerification", 409, "attempts_exhausted", {
    as: person.credential,
    headers: newKey(),
  });
});

test("a renewal that is given up leaves the approval, and another one may be started", async () => {
  const { person, first } = await approvedPerson();
  const as = person.credential;
  const { verification_id } = await startVerification(person);
  const cancelled = await call("kyc.cancelVerification", {
    as,
    params: { verification_id },
    headers: newKey(),
  });
  expect(cancelled.status).toBe(200);
  expect(await statusOf(person)).toMatchObject({
    status: "approved",
    next_action: "start_verification",
    expires_at: first.expires_at,
  });
  expect(await startVerification(person)).toMatchObject({
    status: "draft",
    previous_id: verification_id,
  });
});
