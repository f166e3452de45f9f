import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { readEnvironment } from "../../supabase/functions/_shared/env.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { createApp } from "../../supabase/functions/admin/app.ts";
import { type AdminDeps, createDeps } from "../../supabase/functions/admin/deps.ts";
import { type ApiRequest, call, expectProblem, type Target } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { asFunction, functionWith } from "../helpers/api-in-process.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import { type EnrolledFactor, enrol, prove } from "../helpers/second-factor.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();

/** What the back office needs, as a deployment has it that says nothing about second factors. */
function strictDeps(): AdminDeps {
  const { supabaseUrl, dbUrl, publishableKey, secretKey } = stackEnv();
  return createDeps(
    readEnvironment({
      SUPABASE_URL: supabaseUrl,
      SUPABASE_DB_URL: dbUrl,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
      CURSOR_SECRET: "a secret of this test alone, long enough",
      DATABASE_POOL_MAX: "2",
      LOG_LEVEL: "error",
    }),
  );
}

let deps: AdminDeps;
let strict: Target;
beforeAll(() => {
  deps = strictDeps();
  const { fetch } = createApp(deps);
  strict = async (request) => fetch(asFunction(request));
});

const guarded = Object.values(operations).filter(({ mfa }) => mfa === "staff");

test("what decides, revokes, suspends, holds, exports, reveals documents, or changes roles and keys is marked", () => {
  expect(guarded.map(({ id }) => id).sort()).toEqual([
    "admin.approveKyc",
    "admin.bulkKyc",
    "admin.createApiKey",
    "admin.createWebhookEndpoint",
    "admin.decideKyc",
    "admin.decideScreeningHit",
    "admin.deleteWebhookEndpoint",
    "admin.exportKycCsv",
    "admin.getDocumentUrl",
    "admin.placeLegalHold",
    "admin.putUserRoles",
    "admin.reinstateUser",
    "admin.releaseLegalHold",
    "admin.reopenKyc",
    "admin.requeueKyc",
    "admin.revokeApiKey",
    "admin.revokeKyc",
    "admin.rotateApiKey",
    "admin.rotateWebhookSecret",
    "admin.suspendUser",
    "admin.updateWebhookEndpoint",
  ]);
});

describe("the function asks before it reads the request", () => {
  let everyone: Account;
  beforeAll(async () => {
    const roles = new Set(guarded.flatMap((operation): readonly string[] => operation.roles));
    everyone = await createStaff(owner(), ...roles);
  });

  test.each(guarded.map(({ id }) => id))("%s: 403 mfa_required with one factor", async (id) => {
    const work = vi.fn(() => Promise.reject(new Error("It must not run.")));
    const request = { as: everyone.credential };
    await expectProblem(id, 403, "mfa_required", request, functionWith(id, work, deps));
    expect(work).not.toHaveBeenCalled();
  });
});

describe("with a real session", () => {
  let reviewer: Account;
  let admin: Account;
  let factor: EnrolledFactor;
  beforeAll(async () => {
    [reviewer, admin] = await Promise.all([
      createStaff(owner(), "reviewer"),
      createStaff(owner(), "admin"),
    ]);
    factor = await enrol(reviewer.client);
  });

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const stateOf = (id: string) =>
    owner()`select status, version from public.kyc_verifications where verification_id = ${id}`;

  test("[AUTH-06] one factor decides nothing; the second one does", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const { verification_id, version } = await verificationIn(person, "in_review");
    const decision = (as: ApiRequest["as"]): ApiRequest => ({
      ...(as && { as }),
      params: { verification_id },
      headers: { ...newKey(), "if-match": `"v${version}"` },
      body: { decision: "approve" },
    });
    const before = await stateOf(verification_id);
    await expectProblem(
      "admin.decideKyc",
      403,
      "mfa_required",
      decision(reviewer.credential),
      strict,
    );
    expect(await stateOf(verification_id)).toEqual(before);

    const { access_token: token } = await prove(reviewer.client, factor);
    const answer = await call("admin.decideKyc", decision(bearer(token)), strict);
    expect(answer.status).toBe(200);
    expect(await stateOf(verification_id)).toMatchObject([{ status: "approved" }]);
  });

  test("[AUTH-06] the database asks too, when the function would not", async () => {
    const key = { name: "Partner", scopes: ["users:read"] };
    const request = { as: admin.credential, headers: newKey(), body: key };
    const count = () => owner()`
      select count(*)::integer as keys from private.machine_keys where created_by = ${admin.id}`;
    await expectProblem("admin.createApiKey", 403, "mfa_required", request, strict);
    const sql = owner();
    const refused = sql.begin(async (tx) => {
      const claims = JSON.stringify({ sub: admin.id, role: "authenticated", aal: "aal1" });
      await tx`select set_config('role', 'authenticated', true),
        set_config('request.jwt.claims', ${claims}, true),
        set_config('app.require_staff_mfa', 'on', true)`;
      await tx`select private.create_machine_key(${tx.json(key)}, 'nffk_x', ${"0".repeat(64)})`;
    });
    await expect(refused).rejects.toMatchObject({ code: "NF011" });
    expect(await count()).toEqual([{ keys: 0 }]);
  });

  test("where the deployment turns it off, one factor is enough", async () => {
    const body = { name: `Key ${randomUUID()}`, scopes: ["users:read"] };
    const request = { as: admin.credential, headers: newKey(), body };
    expect((await call("admin.createApiKey", request)).status).toBe(201);
  });

  test("who lacks the role is not told about factors", async () => {
    const request = { as: admin.credential, params: { verification_id: randomUUID() } };
    await expectProblem("admin.decideKyc", 403, "forbidden", request, strict);
  });
});
