import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { createAccount, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { readyToSubmit, submit } from "../helpers/api-kyc.ts";
import { caseInReview, raiseRisk, statusOf } from "./lib/cases.ts";
import { consoleIsBuilt, signedIn } from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

test("a reviewer sees a case come that somebody submits meanwhile, and approves it", async () => {
  const reviewer = await createStaff(owner(), "reviewer");
  const person = await createAccount({ tag: "+kyc-review" });
  const draft = await readyToSubmit(person);
  const { page } = await signedIn(browser, reviewer);
  await page.getByLabel("Name, e-mail or id").fill(draft.verification_id);
  await page.getByText("No case matches").waitFor();

  await submit(person, draft);
  await page.getByRole("link", { name: "Anna Schmidt" }).click();
  await page.getByRole("button", { name: "Show passport, front" }).click();
  const picture = page.getByRole("img", { name: "Passport, front" });
  await picture.waitFor();
  await expect
    .poll(() => picture.evaluate((image) => "naturalWidth" in image && image.naturalWidth))
    .toBeGreaterThan(100);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByText("Done: the case is approved.").waitFor();
  expect(await statusOf(owner(), { person, verification: draft })).toBe("approved");
});

test("two people decide a case of high risk, and the second does not see the first one's reasons", async () => {
  const found = await caseInReview();
  await raiseRisk(owner(), found);
  const path = `/cases/${found.verification.verification_id}`;
  const first = await createStaff(owner(), "reviewer");
  const second = await createStaff(owner(), "approver");

  const { page: one } = await signedIn(browser, first, { path });
  await one.getByLabel("Note for colleagues").fill("Register and passport agree.");
  await one.getByRole("button", { name: "Approve", exact: true }).click();
  await one.getByText("Recorded. Another person has to confirm it").waitFor();
  expect(await one.getByRole("button", { name: "Confirm" }).count()).toBe(0);
  expect(await statusOf(owner(), found)).toBe("in_review");

  const { page: two } = await signedIn(browser, second, { path });
  const confirm = two.getByRole("button", { name: "Confirm" });
  await confirm.waitFor();
  expect(await two.getByText("Register and passport agree.").count()).toBe(0);
  await confirm.click();
  await two.getByText("You confirmed: the case is approved.").waitFor();
  expect(await statusOf(owner(), found)).toBe("approved");
  await two.getByText("Register and passport agree.").waitFor();
  // The first one is told without having asked.
  await one.getByText("Status: In review → Approved").waitFor();
});

test("[UI-03] support sees the case and no document, and the server refuses it as well", async () => {
  const found = await caseInReview();
  const support = await createStaff(owner(), "support");
  const { page } = await signedIn(browser, support, {
    path: `/cases/${found.verification.verification_id}`,
  });
  await page.getByRole("heading", { name: "Documents" }).waitFor();
  await page.getByText("Not shown to your role").waitFor();
  expect(await page.getByRole("button", { name: /^Show/ }).count()).toBe(0);
  expect(await page.getByRole("heading", { name: "Decision", exact: true }).count()).toBe(0);
  expect(await page.getByRole("img").count()).toBe(0);
  const links = await page.evaluate(
    `fetch("/functions/v1/admin/kyc/${found.verification.verification_id}", {
      headers: { authorization: "Bearer " + JSON.parse(sessionStorage["back-office.session"]).access_token },
    }).then((answer) => answer.json()).then(({ documents }) => Promise.all(documents.map(({ document_id }) =>
      fetch("/functions/v1/admin/kyc/${found.verification.verification_id}/documents/" + document_id + "/url", {
        headers: { authorization: "Bearer " + JSON.parse(sessionStorage["back-office.session"]).access_token },
      }).then(({ status }) => status))))`,
  );
  expect(links).toEqual([403]);
});

test("by keyboard alone: claim the next case and decide it", async () => {
  await caseInReview();
  const reviewer = await createStaff(owner(), "reviewer");
  const { page } = await signedIn(browser, reviewer);
  await page.getByRole("heading", { name: "Queue" }).waitFor();
  await page.locator("[data-row]").first().waitFor();
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "Decision", exact: true }).waitFor();
  await page.getByText("You hold this case").waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await page.keyboard.press("d");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Document fraud");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Seen by keyboard.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText(/^(Done|Recorded)/).waitFor();
  const reviews = await owner()`
    select action, reason_code, note from private.kyc_reviews where verification_id = ${id}`;
  expect(reviews).toEqual([
    { action: "reject", reason_code: "document_fraud", note: "Seen by keyboard." },
  ]);
  await page.keyboard.press("u");
  await page.getByRole("heading", { name: "Queue" }).waitFor();
});

test("j and k walk the list, Enter opens, ? tells", async () => {
  await Promise.all([caseInReview(), caseInReview()]);
  const { page } = await signedIn(browser, await createStaff(owner(), "auditor"));
  await page.locator("[data-row]").nth(1).waitFor();
  const focused = () => page.evaluate("document.activeElement.getAttribute('href')");
  await page.keyboard.press("j");
  const top = await focused();
  await page.keyboard.press("j");
  expect(await focused()).not.toBe(top);
  await page.keyboard.press("k");
  expect(await focused()).toBe(top);
  await page.keyboard.press("?");
  const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  expect(await list.getByText("Next case").count()).toBe(1);
  // What the role may not do is not in the list either.
  expect(await list.getByText("Claim the next case").count()).toBe(0);
  await page.keyboard.press("Escape");
  await list.waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(top);
});

test("what the filters show is exported as a file, by those who may", async () => {
  const found = await caseInReview();
  const { page } = await signedIn(browser, await createStaff(owner(), "auditor"));
  await page.locator("[data-row]").first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export as CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("verifications.csv");
  const text = await readFile(await download.path(), "utf8");
  expect(text).toContain(found.verification.verification_id);
  expect(text).not.toContain("Schmidt");
});
