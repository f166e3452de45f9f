import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../../supabase/functions/_shared/errors.ts";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { validators as adminValidators } from "../../supabase/functions/_shared/generated/validators/admin.js";
import { validators as kycValidators } from "../../supabase/functions/_shared/generated/validators/kyc.js";
import { validators as usersValidators } from "../../supabase/functions/_shared/generated/validators/users.js";
import { validators as workerValidators } from "../../supabase/functions/_shared/generated/validators/worker.js";
import { parseJson } from "../../supabase/functions/_shared/http/body.ts";
import type { AnyValidator } from "../../supabase/functions/_shared/http/validate.ts";
import { type ApiRequest, call, readAnswer } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  secretKey,
} from "../helpers/api-accounts.ts";
import { ADDRESS, newKey, startVerification } from "../helpers/api-kyc.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let anna: Account;
let reviewer: Account;
let verificationId: string;

beforeAll(async () => {
  [anna, reviewer] = await Promise.all([
    createAccount(),
    createStaff(owner(), "reviewer", "support"),
  ]);
  verificationId = (await startVerification(anna)).verification_id;
});

/** Texts as people, programs and attackers write them. */
const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "\ud800",
    "'; drop table public.profiles; --",
    "{{7*7}}",
    "../../etc/passwd",
    "1990-04-23",
    "2001-02-30",
    "0001-01-01",
    "DE",
    "+4915112345678",
    "x".repeat(5_000),
  ),
);
const values = fc.oneof(
  texts,
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
  fc.constantFrom(1e308, -0),
);

/**
 * Bodies around a valid one: members changed, left out and added. Most are wrong in one place, which
 * is where servers and contracts differ.
 */
function around(valid: Record<string, unknown>): fc.Arbitrary<unknown> {
  const names = fc.constantFrom(...Object.keys(valid));
  const change = fc.tuple(fc.oneof(names, names, texts), fc.option(values, { nil: undefined }));
  return fc.oneof(
    fc
      .array(change, { maxLength: 2 })
      .map((changes) => ({ ...valid, ...Object.fromEntries(changes) })),
    fc.jsonValue(),
  );
}

/** What the contract says about a body, as it stands in the function that serves it. */
function contractAccepts(validate: AnyValidator, text: string): boolean {
  try {
    return validate(parseJson(new TextEncoder().encode(text)));
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

const checked = (validator: AnyValidator | null): AnyValidator => {
  if (!validator) throw new Error("This operation takes a body.");
  return validator;
};

const cases: [OperationId, AnyValidator, Record<string, unknown>, () => ApiRequest][] = [
  [
    "users.updateMe",
    checked(usersValidators["users.updateMe"].body),
    { first_name: "Anna", middle_name: null, date_of_birth: "1990-04-23", phone: "+4915112345678" },
    () => ({ as: anna.credential, headers: { "if-match": "*" } }),
  ],
  [
    "users.putMyAddress",
    checked(usersValidators["users.putMyAddress"].body),
    { ...ADDRESS, street_address_2: null },
    () => ({ as: anna.credential, headers: { "if-match": "*" } }),
  ],
  [
    "users.recordConsent",
    checked(usersValidators["users.recordConsent"].body),
    { document: "terms", version: "2026-11-01" },
    () => ({ as: anna.credential, headers: newKey() }),
  ],
  [
    "kyc.addDocument",
    checked(kycValidators["kyc.addDocument"].body),
    {
      type: "passport",
      side: "front",
      content_type: "image/jpeg",
      size_bytes: 5_000,
      sha256: "0".repeat(64),
    },
    () => ({
      as: anna.credential,
      headers: newKey(),
      params: { verification_id: verificationId },
    }),
  ],
  [
    "admin.decideKyc",
    checked(adminValidators["admin.decideKyc"].body),
    { decision: "reject", reason_code: "other", note: "A note." },
    () => ({
      as: reviewer.credential,
      headers: { ...newKey(), "if-match": "*" },
      params: { verification_id: verificationId },
    }),
  ],
  [
    "worker.run",
    checked(workerValidators["worker.run"].body),
    { budget_ms: 100 },
    () => ({ as: secretKey() }),
  ],
];

describe("the server accepts what the contract accepts, and never fails", () => {
  test.each(cases)("%s", { timeout: 60_000 }, async (id, validate, valid, request) => {
    await fc.assert(
      fc.asyncProperty(around(valid), async (body) => {
        const text = JSON.stringify(body);
        // `call` itself holds status, headers and body of the answer to the contract.
        const answer = await call(id, { ...request(), raw: text });
        expect(answer.status).toBeLessThan(500);
        const errors: { code: string }[] = answer.body.errors ?? [];
        // Some rules depend on the day or on other rows; the database knows those.
        const isContractFault =
          answer.status === 400 && !errors.every(({ code }) => code === "invalid");
        expect(isContractFault).toBe(!contractAccepts(validate, text));
      }),
      { numRuns: 150, examples: [[valid]] },
    );
  });
});

describe("no path, query or header makes the server fail", () => {
  const segment = fc.oneof(
    texts.map((text) => encodeURIComponent(text.toWellFormed())),
    fc.constantFrom(
      "%00",
      "%2e%2e",
      "%",
      "..",
      "%c0%af",
      "me",
      "00000000-0000-0000-0000-000000000000",
    ),
  );
  const paths = fc
    .tuple(
      fc.constantFrom("users", "kyc/verifications", "admin/kyc", "kyc-webhook", "meta"),
      segment,
      segment,
    )
    .map((parts) => parts.join("/"));

  test("paths", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        paths,
        fc.constantFrom("GET", "POST", "PATCH", "DELETE"),
        async (path, method) => {
          const url = `${stackEnv().supabaseUrl}/functions/v1/${path}`;
          const answer = await readAnswer(
            await fetch(url, { method, headers: reviewer.credential }),
          );
          expect(answer.status, `${method} ${url} ${answer.text}`).not.toBe(500);
          expect(answer.status).not.toBe(503);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("queries", { timeout: 60_000 }, async () => {
    const names = fc.constantFrom(
      "status",
      "q",
      "limit",
      "cursor",
      "sort",
      "created_from",
      "country",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, texts), { maxLength: 4 }), async (pairs) => {
        const wellFormed = pairs.map(([name, text]) => [name, text.toWellFormed().slice(0, 500)]);
        const query = `?${new URLSearchParams(wellFormed)}`;
        const { status } = await call("admin.listKyc", { as: reviewer.credential, query });
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });

  test("headers", { timeout: 60_000 }, async () => {
    const printable = fc.stringMatching(/^[ -~]{0,60}$/);
    const headers = fc.record({
      accept: printable,
      "api-version": printable,
      "if-match": printable,
      "x-request-id": printable,
      traceparent: printable,
      "content-type": printable,
    });
    await fc.assert(
      fc.asyncProperty(headers, async (random) => {
        const raw = JSON.stringify({ first_name: "Anna" });
        const request = { as: anna.credential, raw, headers: random };
        const { status } = await call("users.updateMe", request);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});
