import { randomUUID } from "node:crypto";
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
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey, startVerification } from "../helpers/api-kyc.ts";
import { caseOf, entriesOf } from "../helpers/api-review.ts";

const owner = ownerConnection();
let support: Account;
let outsider: Account;
let person: Account;
let draft: Verification;

beforeAll(async () => {
  [support, outsider, person] = await Promise.all([
    createStaff(owner(), "support"),
    createStaff(owner(), "auditor", "admin"),
    createAccount(),
  ]);
  draft = await startVerification(person);
});

const note = (text: unknown): ApiRequest => ({
  as: support.credential,
  params: { verification_id: draft.verification_id },
  headers: newKey(),
  body: { text },
});

describeCommonAnswers("admin.addKycNote", {
  caller: () => support.credential,
  outsider: () => outsider.credential,
  request: () => {
    const { as: _, ...request } = note("Called the customer.");
    return request;
  },
  keeps: () => caseOf(owner(), draft),
});

describeIdempotency("admin.addKycNote", {
  caller: () => createStaff(owner(), "support"),
  request: async () => ({ ...note("Called the customer.") }),
  otherRequest: async () => ({ ...note("Called them twice.") }),
  effects: async ({ id }) => {
    const [row] = await owner()`
      select count(*)::integer as notes from private.kyc_notes where author_id = ${id}`;
    return row?.notes;
  },
});

describe("201", () => {
  test("staff reads the note, the person never, and the audit holds no word of it", async () => {
    const text = `Says that ${randomUUID()} is an old passport.\n\tCall again.`;
    const { status, body, headers } = await call("admin.addKycNote", note(text));
    expect(status).toBe(201);
    expect(body).toMatchObject({ author_id: support.id, text });
    const read = await call("admin.getKyc", {
      as: support.credential,
      params: { verification_id: draft.verification_id },
    });
    expect(read.body.notes).toContainEqual(body);
    const params = { verification_id: draft.verification_id };
    for (const id of ["kyc.getVerification", "kyc.getTimeline"] as const) {
      expect((await call(id, { as: person.credential, params })).text).not.toContain("passport");
    }
    const entries = await entriesOf(owner(), draft, "kyc.note_added");
    expect(entries.at(-1)).toEqual({
      actor_id: support.id,
      subject_type: "kyc_note",
      subject_id: body.note_id,
      request_id: headers.get("x-request-id"),
      details: { attempt: 0 },
    });
    const word = text.slice(10, 46);
    const places = await owner()`
      select (select count(*)::integer from private.audit_log where details like ${`%${word}%`}) as audit,
        (select count(*)::integer from private.idempotency_keys where body like ${`%${word}%`}) as answers`;
    expect(places).toEqual([{ audit: 0, answers: 0 }]);
  });

  test("4000 characters, of any language, are taken", async () => {
    const text = "Ωß漢🙂".repeat(1000);
    expect((await call("admin.addKycNote", note(text))).body.text).toBe(text);
  });
});

describe("refusals", () => {
  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["white space", " \n "],
    ["too much", "x".repeat(4001)],
    ["a control character", "a\u0007b"],
    ["a change of direction", "a\u202eb"],
    ["a number", 5],
  ])("400 for %s", async (_what, text) => {
    const before = await caseOf(owner(), draft);
    await expectProblem("admin.addKycNote", 400, "validation_failed", note(text));
    expect(await caseOf(owner(), draft)).toEqual(before);
  });

  test("[QUEUE-02] 403 for the own verification", async () => {
    const own = await createStaff(owner(), "reviewer");
    const verification = await startVerification(own);
    await expectProblem("admin.addKycNote", 403, "forbidden", {
      ...note("I am fine."),
      as: own.credential,
      params: { verification_id: verification.verification_id },
    });
    expect(await caseOf(owner(), verification)).toMatchObject([{ notes: 0 }]);
  });

  test("404 for an id that nobody has", async () => {
    const request = { ...note("Where?"), params: { verification_id: randomUUID() } };
    await expectProblem("admin.addKycNote", 404, "not_found", request);
  });
});
