import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { PASSWORD } from "../../helpers/api-accounts.ts";
import { stackEnv } from "../../helpers/stack-env.ts";

const LOOPBACK = /^(https?|wss?|data|blob):(\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])?/;

/** Where the console of the stack is. */
export const consoleUrl = (path = "/") => `${stackEnv().supabaseUrl}/console${path}`;

/** Waits until the stack has built the console; it does so while it starts. */
export async function consoleIsBuilt(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { status } = await fetch(consoleUrl());
      if (status !== 200) throw new Error(`The console answers ${status}.`);
    },
    { timeout: 30_000, interval: 100 },
  );
}

/** A page and what it did that it should not. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, breaches of the policy. */
  readonly faults: string[];
  /** Requests to other hosts; they are not let through. */
  readonly strangers: string[];
}

/** A browser of somebody who has not been here yet. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const faults: string[] = [];
  const strangers: string[] = [];
  await context.route(
    (url) => !LOOPBACK.test(url.href),
    (route) => {
      strangers.push(route.request().url());
      return route.abort("blockedbyclient");
    },
  );
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // Answers that are errors are what some tests are about; the browser tells them as well.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    faults.push(message.text());
  });
  return { page, context, faults, strangers };
}

/** Gives e-mail and password. */
export async function givePassword(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A browser in which somebody has signed in and sees a page. */
export async function signedIn(
  browser: Browser,
  { email }: { readonly email: string },
  { path = "/", ...options }: BrowserContextOptions & { path?: string } = {},
): Promise<Visit> {
  const opened = await visit(browser, options);
  await opened.page.goto(consoleUrl(path));
  await givePassword(opened.page, email);
  await opened.page
    .getByRole("button", { name: "Sign out", includeHidden: true })
    .waitFor({ state: "attached" });
  return opened;
}

const IS_THERE = "document.querySelector('main h1') && !document.querySelector('main .loading')";

/** Waits until a page shows what it has read. Asked from outside: the policy lets the page evaluate nothing. */
export const pageIsThere = (page: Page) =>
  expect.poll(() => page.evaluate(IS_THERE).then(Boolean), { timeout: 10_000 }).toBe(true);
