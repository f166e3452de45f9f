import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { newKey, readyToSubmit, waitForStatus } from "../helpers/api-kyc.ts";
import { inventedName, readCase, submitAs } from "../helpers/api-screening.ts";
import { loadList } from "../helpers/db-screening.ts";

const owner = ownerConnection();
const [sanctioned, exposed] = [inventedName(), inventedName()];
let auditor: Account;

beforeAll(async () => {
  auditor = await createStaff(owner(), "auditor");
  await loadList(
    { sql: owner() },
    [
      { ref: "S-1", name: `Anna ${sanctioned}`, aliases: [`Anya ${sanctioned}`] },
      { ref: "P-1", kind: "pep", name: `Anna ${exposed}` },
    ],
    { list: `test-${randomUUID()}` },
  );
});

/** Everything that a person can read about the own verification, as one text. */
async function ownView(person: Account, verification_id: string): Promise<string> {
  const as = person.credential;
  const params = { verification_id };
  const answers = await Promise.all([
    call("kyc.getStatus", { as }),
    call("kyc.getVerification", { as, params }),
    call("kyc.getTimeline", { as, params }),
    call("users.getMe", { as }),
  ]);
  const tables = await Promise.all(
    ["kyc_verifications", "kyc_documents", "profiles"].map((table) =>
      person.client.from(table).select(),
    ),
  );
  for (const { error } of tables) expect(error).toBeNull();
  return [
    ...answers.map(({ text }) => text),
    ...tables.map(({ data }) => JSON.stringify(data)),
  ].join("\n");
}

test.each([
  ["a sanctions match", () => sanctioned, "critical", "sanctions_hit", "sanctions_match"],
  ["a politically exposed person", () => exposed, "high", "pep_hit", "pep_match"],
] as const)(
  "%s: the provider approves, staff has to look, and the person is told nothing of it",
  async (_what, name, level, reason, rule) => {
    const person = await createAccount({ tag: "+kyc-approve" });
    const verification = await submitAs(person, name());
    await waitForStatus(person, verification, "in_review");
    const body = await readCase(auditor, verification);
    expect(body.verification).toMatchObject({
      status: "in_review",
      risk_level: level,
      internal_reason_code: reason,
      review_owner: "internal",
      flags: expect.arrayContaining([reason]),
    });
    expect(body.risk).toMatchObject({ level, requires_review: true, rules_version: 1 });
    expect(body.risk.reasons[0]).toMatchObject({
      code: rule,
      level,
      explanation: "1 listed person has a name and birth date like these, at most 1.00 similar.",
    });
    expect(body.screening_hits).toMatchObject([{ status: "open", score: 1 }]);
    const view = await ownView(person, verification.verification_id);
    expect(view).toContain('"pending"');
    expect(view).not.toMatch(
      /sanction|pep_|screening|risk|watch|duplicate|in_list|high_risk|fraud/i,
    );
  },
);

test("a nationality in the document that our rules do not accept: the provider approves, staff has to look", async () => {
  const person = await createAccount({ tag: "+kyc-country" });
  const verification = await submitAs(person, inventedName());
  await waitForStatus(person, verification, "in_review");
  const body = await readCase(auditor, verification);
  expect(body.verification).toMatchObject({
    risk_level: "high",
    internal_reason_code: "high_risk",
    review_owner: "internal",
  });
  expect(body.risk.reasons).toMatchObject([
    { code: "country_call_for_action", explanation: "Nationality in KP." },
  ]);
  expect(body.attempts).toMatchObject([
    { provider_outcome: "approved", extracted: { nationality: "KP", first_name: null } },
  ]);
  expect(await ownView(person, verification.verification_id)).not.toMatch(/KP|nationality|risk/i);
});

test("a monitored nationality adds to the risk and holds nobody up", async () => {
  const person = await createAccount({ tag: "+kyc-monitored" });
  const verification = await submitAs(person, inventedName());
  await waitForStatus(person, verification, "approved");
  expect((await readCase(auditor, verification)).risk).toMatchObject({
    level: "medium",
    reasons: [{ code: "country_increased_monitoring", explanation: "Nationality in HT." }],
  });
});

test("two people who show the same name, birth date and device: staff sees the link, neither of them does", async () => {
  const name = inventedName();
  const device = { "x-device-id": randomUUID() };
  const [first, second] = await Promise.all([createAccount(), createAccount()]);
  const one = await submitAs(first, name, device);
  const two = await submitAs(second, name.toUpperCase(), device);
  await waitForStatus(second, two, "approved");
  const body = await readCase(auditor, two);
  expect(body.duplicates).toMatchObject([
    { verification_id: one.verification_id, user_id: first.id, match: "name_and_date_of_birth" },
  ]);
  expect(body.risk).toMatchObject({ level: "medium" });
  expect(await ownView(second, two.verification_id)).not.toMatch(
    new RegExp(`duplicate|${first.id}|${one.verification_id}`),
  );
});

test("400 for a device that the contract does not allow; nothing is submitted", async () => {
  const person = await createAccount();
  const { verification_id } = await readyToSubmit(person);
  for (const device of ["short", "x".repeat(129), "not allowed!"]) {
    await expectProblem("kyc.submitVerification", 400, "validation_failed", {
      as: person.credential,
      params: { verification_id },
      headers: { ...newKey(), "x-device-id": device },
    });
  }
  const [row] = await owner()`
    select status, attempt from public.kyc_verifications where verification_id = ${verification_id}`;
  expect(row).toEqual({ status: "draft", attempt: 0 });
});
