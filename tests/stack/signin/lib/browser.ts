import { existsSync } from "node:fs";
import packaged from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";

const LOOPBACK = /^(https?|wss?):\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/;

/** Where browsers are usually installed; the packaged one is for Linux. */
const INSTALLED = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export async function startBrowser(): Promise<Browser> {
  const installed = process.platform === "linux" ? undefined : INSTALLED.find(existsSync);
  return chromium.launch({
    executablePath: installed ?? (await packaged.executablePath()),
    headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"],
  });
}

/** A page of somebody who has not been anywhere yet; nothing leaves this machine. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  await context.route(
    (url) => !LOOPBACK.test(url.href),
    (route) => route.abort("blockedbyclient"),
  );
  return context.newPage();
}
