import { z } from "zod";
import { LOCAL_PUBLISHABLE_KEY } from "../stack/keys.ts";

/** Shells and CI systems hand over what is not set as an empty text. */
const orDefault = (value: string) =>
  z.preprocess((given) => (given === "" ? undefined : given), z.string().default(value));
const url = (value: string) =>
  orDefault(value)
    .pipe(z.url())
    .transform((text) => text.replace(/\/$/, ""));

const Settings = z
  .object({
    SUPABASE_URL: url("http://127.0.0.1:54321"),
    SUPABASE_PUBLISHABLE_KEY: orDefault(LOCAL_PUBLISHABLE_KEY),
    MAILPIT_URL: url("http://127.0.0.1:54324"),
    MOCK_KYC_URL: url("http://127.0.0.1:54330"),
    // The reviewer of supabase/seed.sql; a project without the seed names one of its own.
    DEMO_REVIEWER_EMAIL: orDefault("reviewer@demo.example.com"),
    DEMO_REVIEWER_PASSWORD: orDefault("Demo-Passw0rd-2026!"),
  })
  .transform((given) => ({
    supabaseUrl: given.SUPABASE_URL,
    publishableKey: given.SUPABASE_PUBLISHABLE_KEY,
    reviewer: { email: given.DEMO_REVIEWER_EMAIL, password: given.DEMO_REVIEWER_PASSWORD },
    mailpitUrl: given.MAILPIT_URL,
    mockKycUrl: given.MOCK_KYC_URL,
  }));

/** Where the demo plays: by default the stack of `npm start`. */
export type DemoSettings = z.output<typeof Settings>;

/** Reads the environment. @throws Error that names what is wrong. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): DemoSettings {
  const result = Settings.safeParse(environment);
  if (result.success) return result.data;
  throw new Error(`The demo's environment does not fit:\n${z.prettifyError(result.error)}`);
}
