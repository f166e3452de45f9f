import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startBrowser } from "../../../scripts/lib/browser.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { newPage } from "../signin/lib/browser.ts";

const { supabaseUrl, publishableKey } = stackEnv();
const docs = `${supabaseUrl}/docs/`;

async function pathsOf(page: string): Promise<URL[]> {
  const html = await (await fetch(page)).text();
  return [...html.matchAll(/(?:src|href)="([^"#]+)/g)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith("data:"))
    .map((path) => new URL(path, page));
}

describe("the pages, without a browser", () => {
  test("every page that the overview leads to is there, and so is everything it links to", async () => {
    const guides = await pathsOf(docs);
    expect(guides.length).toBeGreaterThan(12);
    const linked = new Set<string>();
    for (const guide of guides) {
      expect(guide.origin).toBe(new URL(docs).origin);
      for (const { href } of await pathsOf(guide.href)) linked.add(href);
    }
    const ours = [...linked].filter((href) => href.startsWith(docs));
    const answers = await Promise.all(ours.map(async (href) => [href, (await fetch(href)).status]));
    expect(answers.filter(([, status]) => status !== 200)).toEqual([]);
    // What is not ours is only a link to read on.
    const elsewhere = [...linked].filter((href) => !href.startsWith(docs));
    expect(elsewhere.filter((href) => !href.startsWith("https://"))).toEqual([]);
  });

  test("nothing inline runs, and nothing comes from elsewhere", async () => {
    for (const path of ["", "api/", "quick-start"]) {
      const response = await fetch(docs + path);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe");
      expect(await response.text()).not.toMatch(
        /<script(?![^>]* src=)|<[a-z]+ [^>]*\bon[a-z]+=|style="/,
      );
    }
  });

  test("a page's markup is text where it is not Markdown", async () => {
    const html = await (await fetch(`${docs}error-codes`)).text();
    expect(html).not.toContain("GENERATED");
    expect(html).toContain("<code>unauthenticated</code>");
  });

  test("the contract names this stack as its server", async () => {
    const contract = await (await fetch(`${docs}openapi.json`)).json();
    expect(contract.servers).toMatchObject([{ url: `${supabaseUrl}/functions/v1` }]);
  });

  test("what the page needs for a demo token is public anyway", async () => {
    const stack = await (await fetch(`${docs}stack.json`)).json();
    expect(stack.publishable_key).toBe(publishableKey);
    expect(JSON.stringify(stack)).not.toContain("sb_secret_");
    expect(stack.accounts).toContainEqual({ email: "user@demo.example.com", roles: [] });
  });

  test.for([
    "README.md",
    "..%2fpackage.json",
    "package.json",
    "images/..%2f..%2fpackage.json",
    "nope",
  ])("%s is not served", async (path) => {
    expect((await fetch(docs + path)).status).toBe(404);
  });
});

describe("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  async function open(path: string): Promise<{ page: Page; faults: string[] }> {
    const page = await newPage(browser);
    onTestFinished(() => page.context().close());
    const faults: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error") faults.push(line.text());
    });
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(docs + path);
    return { page, faults };
  }

  test("an operation is tried out with the token of a demo account", async () => {
    const { page, faults } = await open("api/#/users/users.getMe");
    await page.getByLabel("Try it as").selectOption("user@demo.example.com");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Signed in as user@demo.example.com").waitFor();
    const operation = page.locator("[id$='.getMe']");
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status").first().waitFor();
    expect(await operation.locator(".live-responses-table tbody").textContent()).toMatch(/^200/);
    expect(await operation.textContent()).toContain("user@demo.example.com");
    expect(faults).toEqual([]);
  });

  test.for([360, 1920])("nothing is wider than a window of %i pixels", async (width) => {
    for (const path of ["", "quick-start", "security"]) {
      const { page } = await open(path);
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth");
      expect(wide, path).toBe(false);
    }
  });
});
