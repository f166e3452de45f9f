import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { caseInReview } from "./lib/cases.ts";
import { consoleIsBuilt, pageIsThere, signedIn } from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

test("a key is shown once, in the page of an administrator, and revoked there", async () => {
  const { page } = await signedIn(browser, await createStaff(owner(), "admin"), { path: "/keys" });
  const name = `Core banking ${Date.now()}`;
  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Networks").fill("203.0.113.0/24 2001:db8::/32");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const secret = page.getByTestId("secret");
  await secret.waitFor();
  expect(await secret.textContent()).toMatch(/^nffk_[A-Za-z0-9]+$/);
  await page.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name });
  expect(await row.textContent()).toContain("203.0.113.0/24, 2001:db8::/32");

  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await row.getByText("Revoked").waitFor();
  const [stored] = await owner()<{ revoked_at: Date | null }[]>`
    select revoked_at from private.machine_keys where name = ${name}`;
  expect(stored?.revoked_at).toBeInstanceOf(Date);
});

test("an endpoint gets its secret once, is turned off and on, and is deleted", async () => {
  const opened = await signedIn(browser, await createStaff(owner(), "admin"), {
    path: "/webhooks",
  });
  const { page } = opened;
  const name = `Ledger ${Date.now()}`;
  await page.getByRole("button", { name: "Add an endpoint" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("https://1.1.1.1/nff");
  await dialog.getByLabel("What it is for").fill(name);
  await dialog.getByRole("button", { name: "Save" }).click();
  const secret = page.getByTestId("secret");
  await secret.waitFor();
  expect(await secret.textContent()).toMatch(/^whsec_/);
  const card = page.getByRole("region", { name });
  await card.getByRole("button", { name: "Turn off" }).click();
  await card.getByText("Off: By staff").waitFor();
  await card.getByRole("button", { name: "Turn on" }).click();
  await card.getByText("On", { exact: true }).waitFor();
  await card.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await card.waitFor({ state: "detached" });
  expect(opened.faults).toEqual([]);
});

test("an auditor sees who did what, and is offered nothing that changes anything", async () => {
  const { verification } = await caseInReview();
  const auditor = await createStaff(owner(), "auditor");
  const { page } = await signedIn(browser, auditor, { path: "/audit" });
  await page.getByLabel("About (id)").fill(verification.verification_id);
  await page.getByRole("cell", { name: "kyc.transition" }).first().waitFor();
  for (const path of ["/keys", "/webhooks", "/events", "/outbox"]) {
    await page.evaluate(`history.pushState(null, "", "/console${path}")`);
    await pageIsThere(page);
    const names = await page.getByRole("main").getByRole("button").allTextContents();
    expect(
      names.filter((name) => name !== "Show more"),
      path,
    ).toEqual([]);
  }
});

test("[AUDIT-01] an auditor finds what somebody with every right has changed", async () => {
  const { verification } = await caseInReview();
  const stream = `kyc:${verification.verification_id}`;
  const { page } = await signedIn(browser, await createStaff(owner(), "auditor"), {
    path: "/audit",
  });
  await page.getByText("One chain, or against a published end").click();
  await page.getByLabel("Chain").fill(stream);
  const verify = page.getByRole("button", { name: "Verify this chain" });
  await verify.click();
  await page.getByText("Nothing was changed.").waitFor();

  // Whoever owns the tables can turn their guards off.
  await owner().begin(async (sql) => {
    await sql`alter table private.audit_log disable trigger user`;
    await sql`
      update private.audit_log set actor_id = 'somebody else'
      where stream = ${stream} and sequence = 2`;
    await sql`alter table private.audit_log enable trigger user`;
  });
  await verify.click();
  await page.getByText("The log was tampered with.").waitFor();
  const fault = page.getByRole("row", { name: stream });
  expect(await fault.textContent()).toContain("an entry does not fit its hash");
});

test("the figures are drawn, and stand in tables as well", async () => {
  await caseInReview();
  const { page, faults } = await signedIn(browser, await createStaff(owner(), "approver"), {
    path: "/figures",
  });
  const funnel = page.getByRole("region", { name: "Funnel" });
  await funnel.getByRole("img").waitFor();
  await funnel.getByText("Table").click();
  await funnel.getByRole("row", { name: /^Submitted/ }).waitFor();
  expect(await funnel.getByRole("row").count()).toBe(6);
  expect(faults).toEqual([]);
});
