import { z } from "zod";

const variables = z
  .object({
    SUPABASE_URL: z.url(),
    SUPABASE_PUBLISHABLE_KEY: z.string().min(1),
    SUPABASE_SECRET_KEY: z.string().min(1),
    SUPABASE_DB_URL: z.string().startsWith("postgres"),
    MAILPIT_URL: z.url(),
    MOCK_KYC_URL: z.url(),
    MOCK_KYC_ADMIN_KEY: z.string().min(1),
  })
  .transform((env) => ({
    supabaseUrl: env.SUPABASE_URL.replace(/\/$/, ""),
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    secretKey: env.SUPABASE_SECRET_KEY,
    dbUrl: env.SUPABASE_DB_URL,
    mailpitUrl: env.MAILPIT_URL.replace(/\/$/, ""),
    mockKycUrl: env.MOCK_KYC_URL.replace(/\/$/, ""),
    mockKycAdminKey: env.MOCK_KYC_ADMIN_KEY,
  }));

export type StackEnv = z.output<typeof variables>;

/** The Supabase that the tests run against: all that a test may know of it. */
export function stackEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
): StackEnv {
  const result = variables.safeParse(env);
  if (result.success) return result.data;
  throw new Error(
    `Tests find their Supabase by environment variables:\n${z.prettifyError(result.error)}`,
  );
}
