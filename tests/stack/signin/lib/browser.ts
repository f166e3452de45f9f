import type { Browser, Page } from "playwright-core";

const LOOPBACK = /^(https?|wss?):\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/;

/** A page of somebody who has not been anywhere yet; nothing leaves this machine. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  await context.route(
    (url) => !LOOPBACK.test(url.href),
    (route) => route.abort("blockedbyclient"),
  );
  return context.newPage();
}
