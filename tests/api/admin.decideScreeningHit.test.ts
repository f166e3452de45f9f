import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type {
  AdminScreeningHit,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey, waitForStatus } from "../helpers/api-kyc.ts";
import { hitsIn, inventedName, readCase, submitAs } from "../helpers/api-screening.ts";
import { loadList } from "../helpers/db-screening.ts";

const owner = ownerConnection();
const lastName = inventedName();
const list = `test-${randomUUID()}`;
let reviewer: Account;
let support: Account;
let verification: Verification;
let hit: AdminScreeningHit;

/** Somebody of the listed name, submitted, and the hit on them. */
async function listed(person?: Account): Promise<[Verification, AdminScreeningHit]> {
  const submitted = await submitAs(person ?? (await createAccount()), lastName);
  const [found] = await hitsIn(reviewer, submitted);
  if (!found) throw new Error("There is no hit.");
  return [submitted, found];
}

beforeAll(async () => {
  [reviewer, support] = await Promise.all([
    createStaff(owner(), "reviewer"),
    createStaff(owner(), "support", "auditor", "admin"),
  ]);
  await loadList(
    { sql: owner() },
    [
      {
        ref: "PEP-1",
        kind: "pep",
        name: `Anna ${lastName}`,
        birth_dates: ["1990"],
        birth_years: [1990],
      },
    ],
    { list },
  );
  [verification, hit] = await listed();
});

const stateOf = async ({ hit_id }: AdminScreeningHit) => owner()`
  select h.status, h.decided_by, (select count(*)::integer from private.screening_decisions where hit_id = ${hit_id}) as decisions
  from private.screening_hits as h where hit_id = ${hit_id}`;

const decision = (
  { verification_id }: Verification,
  { hit_id, entry_hash }: AdminScreeningHit,
  body: Record<string, unknown> = {},
): ApiRequest => ({
  as: reviewer.credential,
  params: { verification_id, hit_id },
  headers: newKey(),
  body: { decision: "dismiss", entry_hash, note: "Somebody else.", ...body },
});

describeCommonAnswers("admin.decideScreeningHit", {
  caller: () => reviewer.credential,
  outsider: () => support.credential,
  request: () => {
    const { as: _, ...request } = decision(verification, hit);
    return request;
  },
  keeps: () => stateOf(hit),
});

describe("200", () => {
  test("dismiss, and the case shows who did it and what the list says", async () => {
    const [own, found] = await listed();
    expect(found).toMatchObject({ status: "open", decided_by: null, decided_at: null });
    const { status, body } = await call("admin.decideScreeningHit", decision(own, found));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      hit_id: found.hit_id,
      kind: "pep",
      list_name: list,
      entry_id: "PEP-1",
      matched_name: `Anna ${lastName}`,
      score: 1,
      status: "dismissed",
      decided_by: reviewer.id,
      is_listed: true,
      entry: { name: `Anna ${lastName}`, birth_dates: ["1990"] },
    });
    expect(await hitsIn(reviewer, own)).toEqual([body]);
  });

  test("confirm, and think again: every decision is kept", async () => {
    const [own, found] = await listed();
    for (const wanted of ["confirm", "dismiss", "confirm"]) {
      const { status } = await call(
        "admin.decideScreeningHit",
        decision(own, found, { decision: wanted }),
      );
      expect(status).toBe(200);
    }
    expect(await stateOf(found)).toMatchObject([{ status: "confirmed", decisions: 3 }]);
  });

  test("a repeated request decides once", async () => {
    const [own, found] = await listed();
    const request = decision(own, found);
    const first = await call("admin.decideScreeningHit", request);
    const replay = await call("admin.decideScreeningHit", request);
    expect(replay.text).toBe(first.text);
    expect(replay.headers.get("idempotent-replayed")).toBe("true");
    expect(await stateOf(found)).toMatchObject([{ decisions: 1 }]);
  });

  test("the version of the case stays, so nobody's reading goes stale", async () => {
    const person = await createAccount();
    const [own, found] = await listed(person);
    await waitForStatus(person, own, "in_review");
    const { version } = (await readCase(reviewer, own)).verification;
    await call("admin.decideScreeningHit", decision(own, found));
    expect((await readCase(reviewer, own)).verification.version).toBe(version);
  });
});

async function expectUndecided(status: number, code: string, request: ApiRequest) {
  const before = await stateOf(hit);
  await expectProblem("admin.decideScreeningHit", status, code, request);
  expect(await stateOf(hit)).toEqual(before);
}

describe("400", () => {
  test.each([
    ["an unknown decision", { decision: "perhaps" }],
    ["no note", { note: "" }],
    ["a hash that is none", { entry_hash: "abc" }],
  ])("for %s", async (_what, body) => {
    await expectUndecided(400, "validation_failed", decision(verification, hit, body));
  });
});

describe("403", () => {
  test("nobody judges a hit on themselves", async () => {
    const person = await createAccount();
    const [own, found] = await listed(person);
    await owner()`insert into private.user_roles (user_id, role) values (${person.id}, 'reviewer')`;
    const request = { ...decision(own, found), as: person.credential };
    await expectProblem("admin.decideScreeningHit", 403, "forbidden", request);
    expect(await stateOf(found)).toMatchObject([{ status: "open", decisions: 0 }]);
  });
});

describe("404", () => {
  test("for a hit that nobody has, and for one of another case", async () => {
    const unknown = decision(verification, { ...hit, hit_id: randomUUID() });
    await expectUndecided(404, "not_found", unknown);
    const other = await submitAs(await createAccount(), inventedName());
    await expectUndecided(404, "not_found", decision(other, hit));
  });
});

describe("409", () => {
  test("while another reviewer holds the case", async () => {
    const person = await createAccount();
    const [own, found] = await listed(person);
    // A hold ends with the next move, so the verdict has to be in.
    await waitForStatus(person, own, "in_review");
    await owner()`
      update private.kyc_cases
      set assignee_id = ${support.id}, lease_expires_at = private.now() + interval '10 minutes'
      where verification_id = ${own.verification_id}
    `;
    await expectProblem("admin.decideScreeningHit", 409, "lease_held", decision(own, found));
    expect(await stateOf(found)).toMatchObject([{ status: "open", decisions: 0 }]);
  });
});

describe("412", () => {
  test("when the entry is no longer what was read", async () => {
    const stale = decision(verification, { ...hit, entry_hash: "0".repeat(64) });
    await expectUndecided(412, "precondition_failed", stale);
  });
});

describe("422", () => {
  test("for the key of another request", async () => {
    const [own, found] = await listed();
    const request = decision(own, found);
    await call("admin.decideScreeningHit", request);
    await expectProblem("admin.decideScreeningHit", 422, "idempotency_key_reused", {
      ...request,
      body: { ...Object(request.body), decision: "confirm" },
    });
    expect(await stateOf(found)).toMatchObject([{ status: "dismissed", decisions: 1 }]);
  });
});
