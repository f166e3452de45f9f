import { z } from "zod";
import { keyOf } from "./signature.ts";

/** Standard Webhooks 1.0.0: a secret holds 24 to 64 bytes. */
function isSecret(secret: string): boolean {
  const { length } = keyOf(secret);
  return secret.startsWith("whsec_") && length >= 24 && length <= 64;
}

const required = { error: "is required" };
const key = z.string(required).min(16, "expected 16 characters or more");
/** Compose files and shells hand over what is not set as an empty text. */
const orUnset = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema);

const Environment = z.object({
  MOCK_KYC_HOST: orUnset(z.string().default("127.0.0.1")),
  MOCK_KYC_PORT: orUnset(z.coerce.number().int().min(0).max(65_535).default(54_330)),
  MOCK_KYC_API_KEY: key,
  MOCK_KYC_ADMIN_KEY: orUnset(key.optional()),
  MOCK_KYC_WEBHOOK_SECRETS: z
    .string(required)
    .transform((text) => text.split(",").map((secret) => secret.trim()))
    .pipe(z.array(z.string().refine(isSecret, "expected whsec_ and the base64 of 24 to 64 bytes"))),
  MOCK_KYC_CALLBACK_URL: orUnset(z.url({ protocol: /^https?$/ }).optional()),
  MOCK_KYC_SEED: orUnset(z.string().max(100).default("1")),
  MOCK_TIME_SCALE: orUnset(z.coerce.number().min(0).max(1000).default(1)),
});

/** How a server is set up. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  readonly apiKey: string;
  readonly adminKey: string | null;
  /** Active signing secrets, the current one first. */
  readonly webhookSecrets: readonly string[];
  readonly callbackUrl: string | null;
  readonly seed: string;
  readonly timeScale: number;
}

/**
 * Reads the environment.
 *
 * @throws Error with one sentence for each variable that is missing or wrong.
 */
export function readEnvironment(environment: Record<string, string | undefined>): Configuration {
  const result = Environment.safeParse(environment);
  if (!result.success) {
    const faults = result.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
    throw new Error(`The environment does not fit. ${faults.join("; ")}.`);
  }
  const { data } = result;
  return {
    host: data.MOCK_KYC_HOST,
    port: data.MOCK_KYC_PORT,
    apiKey: data.MOCK_KYC_API_KEY,
    adminKey: data.MOCK_KYC_ADMIN_KEY ?? null,
    webhookSecrets: data.MOCK_KYC_WEBHOOK_SECRETS,
    callbackUrl: data.MOCK_KYC_CALLBACK_URL ?? null,
    seed: data.MOCK_KYC_SEED,
    timeScale: data.MOCK_TIME_SCALE,
  };
}
