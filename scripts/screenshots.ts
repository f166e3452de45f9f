/**
 * Makes the pictures of the console in README.md: `npm run screenshots`. It starts a stack of its own
 * with invented people, so that every run shows the same.
 */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { startBrowser } from "./lib/browser.ts";
import { setScene } from "./screenshots/scene.ts";
import { createStack } from "./stack/create-stack.ts";
import { DEMO_PASSWORD } from "./stack/demo-accounts.ts";
import { NO_RATE_LIMIT } from "./stack/no-rate-limit.ts";
import { checkoutRoot } from "./stack/paths.ts";

const FOLDER = join(checkoutRoot(), "docs", "images");
const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

interface Picture {
  readonly name: string;
  readonly who: string;
  readonly size: typeof DESK;
  readonly scheme: "light" | "dark";
  /** Goes to what is to be seen. */
  readonly show: (page: Page) => Promise<void>;
}

const openCase = async (page: Page) => {
  await page.getByRole("link", { name: "Clara Moreau" }).click();
  await page.getByRole("button", { name: "Show passport, front" }).click();
  await page.getByRole("img", { name: "Passport, front" }).waitFor();
};

const follow = (link: string, until: string) => async (page: Page) => {
  await page.getByRole("link", { name: link, exact: true }).click();
  await page.getByText(until).first().waitFor();
};

const PICTURES: readonly Picture[] = [
  {
    name: "console-queue",
    who: "reviewer",
    size: DESK,
    scheme: "light",
    show: (page) => page.locator("[data-row]").nth(2).waitFor(),
  },
  { name: "console-case", who: "reviewer", size: DESK, scheme: "light", show: openCase },
  { name: "console-phone", who: "approver", size: PHONE, scheme: "dark", show: openCase },
  {
    name: "console-figures",
    who: "compliance",
    size: DESK,
    scheme: "light",
    show: follow("Figures", "Funnel"),
  },
  {
    name: "console-audit",
    who: "auditor",
    size: DESK,
    scheme: "light",
    show: async (page) => {
      await follow("Audit", "Proof")(page);
      await page.getByRole("button", { name: "Verify everything" }).click();
      await page.getByText("Nothing was changed.").waitFor();
    },
  },
];

async function take(browser: Browser, origin: string, picture: Picture): Promise<void> {
  const context = await browser.newContext({
    viewport: picture.size,
    colorScheme: picture.scheme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.goto(`${origin}/console/`);
  await page.getByLabel("E-mail").fill(`${picture.who}@demo.example.com`);
  await page.getByLabel("Password").fill(DEMO_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Queue" }).waitFor();
  await picture.show(page);
  await page.evaluate("document.fonts.ready");
  const image = await page.screenshot({ animations: "disabled" });
  // A palette is enough for flat colours and takes a quarter of the bytes.
  const small = await sharp(image).png({ palette: true, quality: 100, effort: 10 }).toBuffer();
  await writeFile(join(FOLDER, `${picture.name}.png`), small);
  console.log(`docs/images/${picture.name}.png, ${Math.round(small.length / 1000)} kB`);
  await context.close();
}

await mkdir(FOLDER, { recursive: true });
const stack = await createStack({
  dataDir: await mkdtemp(join(tmpdir(), "nff-screenshots-")),
  temporary: true,
  ports: "free",
  workerIntervalMs: 500,
  mockTimeScale: 0,
  auth: { rate_limit: NO_RATE_LIMIT },
});
try {
  await setScene(stack);
  const browser = await startBrowser();
  for (const picture of PICTURES) await take(browser, stack.apiUrl, picture);
  await browser.close();
} finally {
  await stack.dispose();
}
