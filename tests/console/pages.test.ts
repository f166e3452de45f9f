import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startBrowser } from "../../scripts/lib/browser.ts";
import { type Account, createStaff, ownerConnection } from "../helpers/api-accounts.ts";
import { caseInReview } from "./lib/cases.ts";
import {
  consoleIsBuilt,
  consoleUrl,
  pageIsThere,
  signedIn,
  type Visit,
  visit,
} from "./lib/console.ts";

const owner = ownerConnection();
let browser: Browser;
/** Somebody who may open every page. */
let everybody: Account;
let casePath: string;

const KIB = 1024;
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [360, 1920] as const;
const MOST_SCRIPT_BYTES = 250 * KIB;

beforeAll(async () => {
  await consoleIsBuilt();
  browser = await startBrowser();
  everybody = await createStaff(
    owner(),
    ...["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"],
  );
  const { verification } = await caseInReview();
  casePath = `/console/cases/${verification.verification_id}`;
}, 60_000);
afterAll(() => browser?.close());

/** Every page that the navigation names, and those that are reached from others. */
async function pathsOf(page: Page): Promise<string[]> {
  const named = await page
    .locator("nav a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
  expect(named.length).toBeGreaterThanOrEqual(1);
  const user = `/console/users/${everybody.id}`;
  return [...named, "/console/account", casePath, user, "/console/nowhere"];
}

/** Goes there as a click does, without loading the application anew. */
async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);
  await pageIsThere(page);
}

const findings = z.object({
  // Without any the page was not looked at.
  passes: z.array(z.unknown()).min(5),
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string() })),
    }),
  ),
});

/** What axe finds serious or worse. */
async function inaccessible(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const result = findings.parse(await page.evaluate("axe.run(document)"));
  return result.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${String(node.target[0])} ${node.failureSummary}`),
    );
}

async function forEachPage(opened: Visit, check: (path: string) => Promise<void>) {
  await pageIsThere(opened.page);
  for (const path of await pathsOf(opened.page)) {
    await go(opened.page, path);
    await check(path);
  }
  expect(opened.faults).toEqual([]);
  expect(opened.strangers).toEqual([]);
  await opened.context.close();
}

test.each(SCHEMES)("no page has a serious finding of axe, %s", async (colorScheme) => {
  const opened = await signedIn(browser, everybody, { colorScheme });
  await forEachPage(opened, async (path) => {
    expect(await inaccessible(opened.page), path).toEqual([]);
  });
});

test.each(SCHEMES)(
  "no window over a page has a serious finding of axe, %s",
  async (colorScheme) => {
    const { page } = await signedIn(browser, everybody, { colorScheme });
    await pageIsThere(page);
    await page.getByText("Status and risk").click();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    expect(await inaccessible(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await go(page, casePath);
    await page.getByRole("button", { name: "Send to the provider again" }).click();
    await page.getByRole("dialog", { name: "Send to the provider again" }).waitFor();
    expect(await inaccessible(page)).toEqual([]);
  },
);

test.each(SCHEMES)("signing in has no serious finding of axe, %s", async (colorScheme) => {
  const { page, faults, strangers } = await visit(browser, { colorScheme });
  await page.goto(consoleUrl());
  await page.getByLabel("E-mail").waitFor();
  expect(await inaccessible(page)).toEqual([]);
  expect([faults, strangers]).toEqual([[], []]);
});

test.each(WIDTHS)("at a width of %i pixels no page scrolls sideways", async (width) => {
  const opened = await signedIn(browser, everybody, { viewport: { width, height: 800 } });
  await forEachPage(opened, async (path) => {
    const size = await opened.page.evaluate("document.documentElement.scrollWidth");
    expect(size, path).toBe(width);
  });
});

test("each page names itself and puts the focus on its heading", async () => {
  const opened = await signedIn(browser, everybody, { path: "/elsewhere" });
  const titles = new Set<string>();
  await forEachPage(opened, async (path) => {
    const heading = await opened.page.getByRole("heading", { level: 1 }).textContent();
    expect(await opened.page.title(), path).toBe(`${heading} · Back office`);
    expect(await opened.page.evaluate("document.activeElement.tagName"), path).toBe("H1");
    titles.add(heading ?? "");
  });
  expect(titles.size).toBeGreaterThanOrEqual(3);
});

test("the skip link is the first thing that the Tab key reaches, and it leads to the content", async () => {
  const { page } = await signedIn(browser, everybody);
  await pageIsThere(page);
  await page.goto(consoleUrl());
  await pageIsThere(page);
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
});

test("the first load is small, compressed and kept", async () => {
  const { page } = await visit(browser);
  const scripts: { bytes: number; headers: Record<string, string> }[] = [];
  page.on("requestfinished", async (request) => {
    if (request.resourceType() !== "script") return;
    const [sizes, answer] = [await request.sizes(), await request.response()];
    scripts.push({ bytes: sizes.responseBodySize, headers: answer?.headers() ?? {} });
  });
  await page.goto(consoleUrl(), { waitUntil: "networkidle" });
  expect(scripts.length).toBeGreaterThan(0);
  const sum = scripts.reduce((total, { bytes }) => total + bytes, 0);
  console.log(`first load: ${(sum / KIB).toFixed(1)} KiB of script in ${scripts.length} files`);
  expect(sum).toBeGreaterThan(10 * KIB);
  expect(sum).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
  for (const { headers } of scripts) {
    expect(headers["content-encoding"]).toMatch(/^(br|gzip)$/);
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  }
});

test("[UI-01] the policy lets nothing inline run and nobody frame the page", async () => {
  const answer = await fetch(consoleUrl());
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe-(inline|eval)|\*|https?:/);
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  expect(answer.headers.get("cache-control")).toBe("no-cache");
  expect(await answer.text()).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=/);
});

test("only the build is served, whatever path is asked for", async () => {
  for (const path of [
    "/assets/none.js",
    "/assets/..%2findex.html",
    "/assets/..%2f..%2fpackage.json",
  ]) {
    expect((await fetch(consoleUrl(path))).status, path).toBe(404);
  }
  const settings = await (await fetch(consoleUrl("/config.json"))).json();
  expect(Object.keys(settings)).toEqual(["publishable_key"]);
});
