import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { createAccount, createStaff, ownerConnection, signIn } from "../helpers/api-accounts.ts";
import { consoleIsBuilt, signedIn } from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

const rolesOf = async (id: string) => {
  const rows = await owner()<{ role: string }[]>`
    select role from private.user_roles where user_id = ${id} order by role`;
  return rows.map(({ role }) => role);
};

test("an administrator finds somebody, suspends the account and opens it again", async () => {
  const person = await createAccount();
  const admin = await createStaff(owner(), "admin");
  const { page } = await signedIn(browser, admin, { path: "/users" });
  await page.getByLabel("Name, e-mail or id").fill(person.email);
  await expect.poll(() => page.locator("[data-row]").count()).toBe(1);
  await page.locator(`a[href$="${person.id}"]`).click();
  await page.getByLabel("Reason").selectOption("fraud_suspected");
  await page.getByRole("button", { name: "Suspend" }).click();
  await page.getByText(/^Suspended; 1 sessions? have ended/).waitFor();
  await expect(signIn(person.email)).rejects.toThrow();

  await page.getByRole("button", { name: "Reinstate" }).click();
  await page.getByText("Reinstated").waitFor();
  expect((await signIn(person.email)).id).toBe(person.id);
  expect(page.url()).not.toContain(encodeURIComponent(person.email));
});

test("a role that reaches far is granted by two administrators in two browsers", async () => {
  const candidate = await createStaff(owner(), "support");
  const [first, second] = [
    await createStaff(owner(), "admin"),
    await createStaff(owner(), "admin"),
  ];
  const path = `/users/${candidate.id}`;
  const { page: one } = await signedIn(browser, first, { path });
  await one.getByRole("checkbox", { name: "Compliance admin" }).check();
  await one.getByRole("button", { name: "Save roles" }).click();
  await one.getByText("Another administrator has to confirm it.").waitFor();
  expect(await one.getByRole("button", { name: "Confirm these roles" }).count()).toBe(0);
  expect(await rolesOf(candidate.id)).toEqual(["support"]);

  const { page: two } = await signedIn(browser, second, { path });
  await two.getByRole("button", { name: "Confirm these roles" }).click();
  await two.getByText("The roles are in force.").waitFor();
  expect(await rolesOf(candidate.id)).toEqual(["support", "compliance_admin"]);
});

test("a legal hold is placed and released", async () => {
  const person = await createAccount();
  const officer = await createStaff(owner(), "compliance_admin");
  const { page } = await signedIn(browser, officer, { path: `/users/${person.id}` });
  await page.getByLabel("Place a hold because of").selectOption("litigation");
  await page.getByRole("button", { name: "Place a hold" }).click();
  await page.getByText("Active", { exact: true }).nth(1).waitFor();
  await page.getByRole("button", { name: "Release" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
  await page.getByText("The hold is released.").waitFor();
  const holds = await owner()`
    select reason_code, released_by from private.legal_holds where user_id = ${person.id}`;
  expect(holds).toEqual([{ reason_code: "litigation", released_by: officer.id }]);
});

test("what a role may not do is not there", async () => {
  const person = await createAccount();
  const { page } = await signedIn(browser, await createStaff(owner(), "support"), {
    path: `/users/${person.id}`,
  });
  await page.getByRole("button", { name: "Sign out everywhere" }).waitFor();
  expect(await page.getByRole("heading", { name: "Suspend" }).count()).toBe(0);
  expect(await page.getByRole("heading", { name: "Staff roles" }).count()).toBe(0);
  expect(await page.getByRole("heading", { name: "Legal holds" }).count()).toBe(0);
  const named = await page.getByRole("navigation").getByRole("link").allTextContents();
  expect(named).toEqual(["Queue", "Users"]);
});
