import { existsSync } from "node:fs";
import packaged from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** Where browsers are usually installed; the packaged one is for Linux. */
const INSTALLED = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** A browser without a window; nothing has to be installed for it on Linux. */
export async function startBrowser(): Promise<Browser> {
  const installed = process.platform === "linux" ? undefined : INSTALLED.find(existsSync);
  return chromium.launch({
    executablePath: installed ?? (await packaged.executablePath()),
    headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"],
  });
}
