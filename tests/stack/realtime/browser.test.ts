import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startBrowser } from "../../../scripts/lib/browser.ts";
import { createAccount } from "../../helpers/api-accounts.ts";
import { readyToSubmit, submit } from "../../helpers/api-kyc.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { newPage } from "../signin/lib/browser.ts";

const { supabaseUrl, publishableKey } = stackEnv();

/** What an application does: sign in, join the own channel, show each status that comes. */
const PAGE = `<!doctype html><title>status</title><ol id="statuses"></ol>
<script src="/supabase.js"></script>
<script>
  async function start({ url, key, session, userId }) {
    const client = supabase.createClient(url, key, { auth: { persistSession: false } });
    const { error } = await client.auth.setSession(session);
    if (error) throw error;
    const show = ({ payload }) => {
      const item = document.createElement("li");
      item.textContent = payload.status;
      item.dataset.at = String(Date.now());
      document.getElementById("statuses").append(item);
    };
    return new Promise((resolve) => {
      client.channel("user:" + userId, { config: { private: true } })
        .on("broadcast", { event: "kyc.status" }, show)
        .subscribe((status, error) => resolve([status, error?.message ?? null]));
    });
  }
</script>`;

let site: Server;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  const entry = createRequire(import.meta.url).resolve("@supabase/supabase-js");
  const script = await readFile(join(dirname(entry), "umd/supabase.js"));
  site = createServer((req, res) => {
    const isScript = req.url === "/supabase.js";
    res.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    res.end(isScript ? script : PAGE);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const address = z.object({ port: z.number() }).parse(site.address());
  origin = `http://127.0.0.1:${address.port}`;
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  site?.close();
});

const start = (page: Page, input: object) =>
  page
    .evaluate(`start(${JSON.stringify(input)})`)
    .then((answer) => z.array(z.unknown()).parse(answer));

async function open(session: object, userId: string) {
  const page = await newPage(browser);
  await page.goto(origin);
  const requests: string[] = [];
  const answer = await start(page, { url: supabaseUrl, key: publishableKey, session, userId });
  page.on("request", (request) => requests.push(request.url()));
  return { page, requests, answer };
}

async function sessionOf({ client }: Awaited<ReturnType<typeof createAccount>>) {
  const { data } = await client.auth.getSession();
  if (!data.session) throw new Error("no session");
  const { access_token, refresh_token } = data.session;
  return { access_token, refresh_token };
}

test("a browser sees the verdict come without asking for it", async () => {
  const ada = await createAccount({ tag: "+kyc-approve" });
  const { page, requests, answer } = await open(await sessionOf(ada), ada.id);
  expect(answer).toEqual(["SUBSCRIBED", null]);
  await submit(ada, await readyToSubmit(ada));
  await page.locator("li", { hasText: "approved" }).waitFor({ timeout: 15_000 });
  expect(await page.locator("li").allTextContents()).toEqual([
    "draft",
    "submitted",
    "processing",
    "approved",
  ]);
  expect(requests).toEqual([]);
});

test("a browser is not let in on the channel of somebody else", async () => {
  const [ada, eve] = [await createAccount(), await createAccount()];
  const { answer } = await open(await sessionOf(eve), ada.id);
  expect(answer).toEqual([
    "CHANNEL_ERROR",
    `Unauthorized: You do not have permissions to read from this Channel topic: user:${ada.id}`,
  ]);
});
