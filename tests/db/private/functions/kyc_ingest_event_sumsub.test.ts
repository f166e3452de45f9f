import { expect } from "vitest";
import { createSumsubProvider } from "../../../../supabase/functions/_shared/providers/sumsub/adapter.ts";
import { type Db, service, test } from "../../../helpers/db.ts";
import { createSubmitted, statusOf } from "../../../helpers/db-fixtures.ts";
import {
  APPLICANT_ID,
  environment,
  rejected,
  signed,
  webhookBody,
} from "../../../unit/functions/sumsub/fixtures.ts";

const provider = createSumsubProvider(environment);

/** Somebody whose verification another provider has. */
async function submitted(db: Db) {
  await db.sql`update private.settings set default_provider = 'sumsub'`;
  return createSubmitted(db);
}

const about = (verificationId: string, at: string, changes: object = {}) => ({
  externalUserId: `${verificationId}_1`,
  createdAtMs: `2026-11-20 09:00:0${at}`,
  ...changes,
});

/** Reads a webhook as the function does, and takes it in. */
async function deliver(db: Db, content: object) {
  const message = signed(content);
  const event = await provider.readWebhook(message);
  const [row] = await db.as(
    service,
    (sql) => sql`
    select private.kyc_ingest_event('sumsub', ${sql.json(event)}, ${JSON.stringify(content)}) ->> 'result' as result`,
  );
  return row?.result;
}

test("webhooks of the vendor move the verification, whatever their order", async ({ db }) => {
  const { verificationId } = await submitted(db);
  const at = (time: string, changes: object = {}) =>
    webhookBody(about(verificationId, time, changes));
  expect(await deliver(db, at("1.000", { type: "applicantCreated" }))).toBe("ignored");
  expect(await deliver(db, at("2.000", { type: "applicantPending" }))).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("processing");
  const verdict = at("4.000");
  expect(await deliver(db, verdict)).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("approved");
  expect(await deliver(db, verdict)).toBe("duplicate");
  expect(await deliver(db, at("3.999", { type: "applicantOnHold" }))).toBe("stale");
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("a fraud that is found after the approval goes to staff", async ({ db }) => {
  const { verificationId } = await submitted(db);
  await deliver(db, webhookBody(about(verificationId, "4.000")));
  const late = { ...rejected("FINAL", "FORGERY"), ...about(verificationId, "5.000") };
  expect(await deliver(db, late)).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("in_review");
});

test("a rejection by an unknown label goes to staff", async ({ db }) => {
  const { verificationId } = await submitted(db);
  const verdict = { ...rejected("FINAL", "LABEL_OF_TOMORROW"), ...about(verificationId, "4.000") };
  expect(await deliver(db, verdict)).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("in_review");
  const [row] = await db.sql`
    select review_owner, reason_code from private.kyc_cases where verification_id = ${verificationId}`;
  expect(row).toEqual({ review_owner: "internal", reason_code: "other" });
});

test("a verdict about another attempt, or about nobody, moves nothing", async ({ db }) => {
  const { verificationId } = await submitted(db);
  const other = { externalUserId: `${verificationId}_2`, applicantId: `${APPLICANT_ID}a` };
  expect(await deliver(db, webhookBody(other))).toBe("parked");
  expect(await deliver(db, webhookBody({ externalUserId: "user-1" }))).toBe("parked");
  expect(await statusOf(db, verificationId)).toBe("submitted");
});
