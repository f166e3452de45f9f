import type { Page } from "playwright-core";
import { z } from "zod";

/** Runs a function of the application's page, which knows its arguments as JSON. */
const run = (page: Page, name: string, ...args: string[]): Promise<unknown> =>
  page.evaluate(`${name}(...${JSON.stringify(args)})`);

/** Begins a sign-in with supabase-js in the page, which leaves for the provider; answers where to. */
export async function startSignIn(page: Page, provider: string, redirectTo: string): Promise<URL> {
  await page.getByText("ready").waitFor();
  const [redirect] = await Promise.all([
    page.waitForResponse((answer) => answer.url().includes("/auth/v1/authorize")),
    run(page, "startSignIn", provider, redirectTo),
  ]);
  return new URL(redirect.headers().location ?? "");
}

/** Logs in at the provider, agrees, and waits until the browser is back at the application. */
export async function signInAtProvider(page: Page, login: string): Promise<void> {
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("ready").waitFor();
}

const outcome = z.object({
  error: z.string().nullish(),
  session: z
    .object({
      access_token: z.string(),
      provider_token: z.string().nullish(),
      user: z.looseObject({
        id: z.uuid(),
        app_metadata: z.looseObject({ providers: z.array(z.string()) }),
        user_metadata: z.record(z.string(), z.unknown()),
      }),
    })
    .nullish(),
});

/** Exchanges the code in the page's address with supabase-js, in the page that asked for it. */
export async function exchange(page: Page) {
  const code = new URL(page.url()).searchParams.get("code");
  if (code === null) throw new Error(`no code: ${page.url()}`);
  const { error, session } = outcome.parse(await run(page, "finishSignIn", code));
  if (!session) throw new Error(`no session: ${error}`);
  return session;
}
