import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { caseInReview, statusOf } from "./lib/cases.ts";
import { consoleIsBuilt, signedIn } from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

/** Opens a case as somebody who may decide it, and notes the keys of the decisions that are sent. */
async function openCase(id: string): Promise<{ page: Page; keys: (string | undefined)[] }> {
  const reviewer = await createStaff(owner(), "reviewer");
  const { page } = await signedIn(browser, reviewer, { path: `/cases/${id}` });
  const keys: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/decision")) keys.push(request.headers()["idempotency-key"]);
  });
  await page.getByRole("heading", { name: "Decision", exact: true }).waitFor();
  return { page, keys };
}

test("a double click decides once", async () => {
  const found = await caseInReview();
  const { page, keys } = await openCase(found.verification.verification_id);
  await page.getByRole("button", { name: "Approve", exact: true }).dblclick();
  await page.getByText("Done: the case is approved.").waitFor();
  expect(keys).toHaveLength(1);
});

test("an answer that is lost is asked for again with the same key", async () => {
  const found = await caseInReview();
  const { page, keys } = await openCase(found.verification.verification_id);
  let lost = 0;
  await page.route("**/decision", async (route) => {
    lost += 1;
    if (lost > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByText("Done: the case is approved.").waitFor();
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  const [row] = await owner()<{ count: number }[]>`
    select count(*)::int from private.kyc_reviews
    where verification_id = ${found.verification.verification_id}`;
  expect(row?.count).toBe(1);
});

test("[UI-04] a decision on what was changed meanwhile is not made: the page shows what is new", async () => {
  const found = await caseInReview();
  const { page } = await openCase(found.verification.verification_id);
  // The list is not asked, so that only the refusal can tell.
  await page.route("**/functions/v1/admin/kyc?*", (route) => route.abort());
  const rival = await openCase(found.verification.verification_id);
  await rival.page.getByText("Ask for new documents").click();
  await rival.page.getByLabel("Passport, front").selectOption("image_unreadable");
  await rival.page.getByLabel("Reason").last().selectOption("image_unreadable");
  await rival.page.getByRole("button", { name: "Ask for new documents" }).click();
  await rival.page.getByText("Done: the case is resubmission required.").waitFor();

  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByText("Status: In review → Resubmission required").waitFor();
  expect(
    await page
      .getByRole("alert")
      .getByText(/^Request /)
      .count(),
  ).toBe(1);
  expect(await statusOf(owner(), found)).toBe("resubmission_required");
});
