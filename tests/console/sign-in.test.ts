import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { createAccount, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { codeOf } from "../helpers/second-factor.ts";
import { caseInReview } from "./lib/cases.ts";
import { consoleIsBuilt, consoleUrl, givePassword, signedIn, visit } from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

test("a second factor is set up in the console and asked for at the next sign-in", async () => {
  const reviewer = await createStaff(owner(), "reviewer");
  const { page } = await signedIn(browser, reviewer, { path: "/account" });
  await page.getByRole("button", { name: "Set up an authenticator" }).click();
  const secret = (await page.getByTestId("totp-secret").textContent()) ?? "";
  const picture = page.getByRole("img", { name: "Code to scan with an authenticator" });
  expect(await picture.evaluate((image) => "naturalWidth" in image && image.naturalWidth)).not.toBe(
    0,
  );
  await page.getByLabel("Code of your authenticator").fill("000000");
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByText("This code is not right.").waitFor();
  await page.getByLabel("Code of your authenticator").fill(codeOf(secret));
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByText("Your account is protected by a second factor.").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await givePassword(page, reviewer.email);
  await page.getByRole("heading", { name: "Second step" }).waitFor();
  await page.goto(consoleUrl("/"));
  await page.getByRole("heading", { name: "Second step" }).waitFor();
  // Each code counts once: the one of the enrolment is spent.
  await page.getByLabel("Code of your authenticator").fill(codeOf(secret, 1));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Queue" }).waitFor();
});

test("where staff needs two factors, a refused decision leads to the enrolment and then works", async () => {
  const sql = owner();
  const { verification } = await caseInReview();
  const reviewer = await createStaff(sql, "reviewer");
  await sql`update private.settings set staff_mfa_required = true`;
  onTestFinished(async () => {
    await sql`update private.settings set staff_mfa_required = false`;
  });
  const path = `/cases/${verification.verification_id}`;
  const { page } = await signedIn(browser, reviewer, { path });
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByRole("link", { name: "Set up your second factor" }).click();
  await page.getByRole("button", { name: "Set up an authenticator" }).click();
  const secret = (await page.getByTestId("totp-secret").textContent()) ?? "";
  await page.getByLabel("Code of your authenticator").fill(codeOf(secret));
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByText("Your account is protected by a second factor.").waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByText("Done: the case is approved.").waitFor();
});

test("a wrong password is said, and nothing more", async () => {
  const { page } = await visit(browser);
  await page.goto(consoleUrl());
  await givePassword(page, "nobody@example.com");
  await page.getByRole("alert").getByText("E-mail address or password is not right.").waitFor();
  expect(await page.getByLabel("Password").inputValue()).toBe("");
});

test("somebody without a role gets no further than to be told", async () => {
  const { page } = await visit(browser);
  await page.goto(consoleUrl());
  await givePassword(page, (await createAccount()).email);
  await page.getByText("This account has no staff role").waitFor();
  expect(await page.getByRole("navigation").count()).toBe(0);
});

test("[UI-02] a desk that was left is signed out, and nothing stays behind", async () => {
  const reviewer = await createStaff(owner(), "reviewer");
  const { page, context } = await visit(browser);
  await context.route("**/console/config.json", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: { ...(await answer.json()), idle_minutes: 0.07 },
    });
  });
  await page.goto(consoleUrl());
  await givePassword(page, reviewer.email);
  await page.getByText("You will be signed out soon").waitFor();
  await page.getByText("You were signed out because nothing happened").waitFor();
  expect(await page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")).toBe(
    "[{},{}]",
  );
});

test("the session is in this tab only, and no address or storage names a person", async () => {
  const reviewer = await createStaff(owner(), "reviewer");
  const { page, context } = await signedIn(browser, reviewer);
  await page.getByLabel("Name, e-mail or id").fill("Schmidt");
  const asked = page.waitForRequest((request) => request.url().includes("q=Schmidt"));
  await asked;
  expect(page.url()).not.toContain("Schmidt");
  expect(await page.evaluate("JSON.stringify({ ...localStorage })")).toBe("{}");
  expect(await page.evaluate("Object.keys(sessionStorage).join()")).toBe("back-office.session");
  const other = await context.newPage();
  await other.goto(consoleUrl());
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("[UI-02] a session that ended elsewhere leaves nothing to whoever signs in next", async () => {
  const reviewer = await createStaff(owner(), "reviewer");
  const { page } = await signedIn(browser, reviewer);
  await page.getByRole("heading", { name: "Queue" }).waitFor();
  await page.evaluate(`
    const session = JSON.parse(sessionStorage.getItem("back-office.session"));
    sessionStorage.setItem("back-office.session",
      JSON.stringify({ ...session, expires_at: 1, refresh_token: "ended-elsewhere" }))`);
  await page.getByLabel("Name, e-mail or id").fill("anybody");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await givePassword(page, (await createAccount()).email);
  await page.getByText("This account has no staff role").waitFor();
});
