import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { call } from "../helpers/api.ts";
import { createAccount, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { waitForStatus } from "../helpers/api-kyc.ts";
import { runWorker } from "../helpers/api-privacy.ts";
import { hitsIn, inventedName, readCase, submitAs } from "../helpers/api-screening.ts";
import { loadList } from "../helpers/db-screening.ts";

const owner = ownerConnection();

test("[SCREEN-02] an approved person whom a new list names comes before staff by the worker alone", async () => {
  const lastName = inventedName();
  const auditor = await createStaff(owner(), "auditor");
  const person = await createAccount({ tag: "+kyc-approve" });
  const own = await submitAs(person, lastName);
  await waitForStatus(person, own, "approved");
  const entry = { ref: "S-1", name: `Ana ${lastName}`, birth_years: [1990] };
  await loadList({ sql: owner() }, [entry], { list: `test-${randomUUID()}` });

  await vi.waitFor(
    async () => {
      await runWorker(owner(), "screen_changes", "rescreen_people");
      expect((await readCase(auditor, own)).verification.status).toBe("in_review");
    },
    { timeout: 20_000, interval: 100 },
  );
  const { verification, risk } = await readCase(auditor, own);
  expect(verification).toMatchObject({
    internal_reason_code: "monitoring_hit",
    risk_level: "critical",
    review_owner: "internal",
    flags: ["sanctions_hit"],
  });
  expect(risk).toMatchObject({ level: "critical" });
  expect(await hitsIn(auditor, own)).toMatchObject([{ status: "open", matched_name: entry.name }]);
  const as = person.credential;
  const answers = await Promise.all([
    call("kyc.getStatus", { as }),
    call("kyc.getTimeline", { as, params: { verification_id: own.verification_id } }),
  ]);
  expect(answers[0]?.body).toMatchObject({ status: "pending", next_action: "wait" });
  expect(answers.map(({ text }) => text).join()).not.toMatch(
    /sanction|screening|monitoring|list_/i,
  );
});
