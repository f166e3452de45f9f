import process from "node:process";
import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/, error: "must be a URL" });
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" });
const commaList = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** JSON in a variable, as the platform passes keys. */
export function json<Shape extends z.ZodType>(shape: Shape) {
  return z
    .string()
    .transform((text, context) => {
      try {
        const value: unknown = JSON.parse(text);
        return value;
      } catch {
        context.addIssue({ code: "custom", message: "must be JSON" });
        return z.NEVER;
      }
    })
    .pipe(shape);
}

const namedKeys = (prefix: string) =>
  json(
    z
      .record(z.string(), z.string().startsWith(prefix))
      .refine((keys) => Object.keys(keys).length > 0, "must hold a key"),
  );

const jwks = json(z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }));

const base = z
  .object({
    SUPABASE_URL: httpUrl,
    SUPABASE_DB_URL: postgresUrl.optional(),
    SUPABASE_PUBLISHABLE_KEYS: namedKeys("sb_publishable_"),
    SUPABASE_SECRET_KEYS: namedKeys("sb_secret_"),
    SUPABASE_JWKS: jwks.optional(),
    DATABASE_URL: postgresUrl.optional(),
    DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(100).default(4),
    CORS_ORIGINS: commaList.default([]),
    CURSOR_SECRET: z.string().min(32, "must have at least 32 characters"),
    LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
    REQUIRE_STAFF_MFA: z.enum(["on", "off"], { error: "must be on or off" }).default("on"),
    JWT_ISSUER: z.string().optional(),
    PUBLIC_API_URL: httpUrl.optional(),
    CLIENT_ADDRESS_HEADER: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, "must be the name of a header")
      .default("x-forwarded-for"),
    SB_EXECUTION_ID: z.string().optional(),
    SB_REGION: z.string().optional(),
    DENO_DEPLOYMENT_ID: z.string().optional(),
    WEBHOOKS_ALLOW_LOOPBACK: z.enum(["on", "off"], { error: "must be on or off" }).default("off"),
  })
  .transform((variables, context) => {
    const databaseUrl = variables.DATABASE_URL ?? variables.SUPABASE_DB_URL;
    if (databaseUrl === undefined) {
      context.addIssue({ code: "custom", path: ["DATABASE_URL"], message: "is missing" });
      return z.NEVER;
    }
    const webhooksAllowLoopback = variables.WEBHOOKS_ALLOW_LOOPBACK === "on";
    if (webhooksAllowLoopback && isHosted(variables)) {
      const message = "is for development and must be off on a hosted project";
      context.addIssue({ code: "custom", path: ["WEBHOOKS_ALLOW_LOOPBACK"], message });
      return z.NEVER;
    }
    const apiUrl = withoutSlash(variables.SUPABASE_URL);
    return {
      apiUrl,
      /** The origin that clients use, where it is not the one that functions use. */
      publicApiUrl: withoutSlash(variables.PUBLIC_API_URL ?? apiUrl),
      databaseUrl,
      databasePoolMax: variables.DATABASE_POOL_MAX,
      publishableKey: defaultKey(variables.SUPABASE_PUBLISHABLE_KEYS),
      /** Every key that callers may use. */
      secretKeys: variables.SUPABASE_SECRET_KEYS,
      /** The key that functions use themselves. */
      secretKey: defaultKey(variables.SUPABASE_SECRET_KEYS),
      /** `null`: fetch them from the JWKS endpoint of Auth. */
      jwks: variables.SUPABASE_JWKS?.keys.length ? variables.SUPABASE_JWKS : null,
      jwtIssuer: variables.JWT_ISSUER ?? `${apiUrl}/auth/v1`,
      corsOrigins: new Set(variables.CORS_ORIGINS),
      cursorSecret: variables.CURSOR_SECRET,
      logLevel: variables.LOG_LEVEL,
      /** Whether operations marked `x-mfa: staff` need a session with two factors. */
      requireStaffMfa: variables.REQUIRE_STAFF_MFA === "on",
      /** The header in which the nearest proxy says where a request comes from. */
      clientAddressHeader: variables.CLIENT_ADDRESS_HEADER,
      executionId: variables.SB_EXECUTION_ID,
      /** Whether webhooks may be sent to this machine, also without TLS. */
      webhooksAllowLoopback,
    };
  });

const mockProvider = z
  .object({
    SUPABASE_URL: httpUrl,
    KYC_PROVIDER: z.literal("mock"),
    KYC_MOCK_URL: httpUrl,
    KYC_MOCK_API_KEY: z.string().min(1),
    KYC_MOCK_WEBHOOK_SECRETS: commaList.pipe(
      z.array(z.string().startsWith("whsec_")).min(1, "must hold a whsec_ secret"),
    ),
    KYC_WEBHOOK_URL: httpUrl.optional(),
  })
  .transform((variables) => ({
    name: variables.KYC_PROVIDER,
    url: withoutSlash(variables.KYC_MOCK_URL),
    apiKey: variables.KYC_MOCK_API_KEY,
    /** The current secret first, then those that are still honoured. */
    webhookSecrets: variables.KYC_MOCK_WEBHOOK_SECRETS,
    callbackUrl:
      variables.KYC_WEBHOOK_URL ??
      `${withoutSlash(variables.SUPABASE_URL)}/functions/v1/kyc-webhook/${variables.KYC_PROVIDER}`,
  }));

const sumsubProvider = z
  .object({
    KYC_PROVIDER: z.literal("sumsub"),
    KYC_SUMSUB_URL: z
      .url({ protocol: /^https$/, error: "must be an https URL" })
      .default("https://api.sumsub.com"),
    KYC_SUMSUB_APP_TOKEN: z.string().min(1),
    KYC_SUMSUB_SECRET_KEY: z.string().min(1),
    KYC_SUMSUB_LEVEL_NAME: z.string().min(1),
    KYC_SUMSUB_WEBHOOK_SECRETS: commaList.pipe(
      z.array(z.string().min(16, "must be 16 characters or more")).min(1, "must hold a secret"),
    ),
  })
  .transform((variables) => ({
    name: variables.KYC_PROVIDER,
    url: withoutSlash(variables.KYC_SUMSUB_URL),
    appToken: variables.KYC_SUMSUB_APP_TOKEN,
    secretKey: variables.KYC_SUMSUB_SECRET_KEY,
    /** Which documents and checks the vendor asks for; set up in its dashboard. */
    levelName: variables.KYC_SUMSUB_LEVEL_NAME,
    /** The current secret first, then those that are still honoured. */
    webhookSecrets: variables.KYC_SUMSUB_WEBHOOK_SECRETS,
  }));

const kycProvider = z.discriminatedUnion("KYC_PROVIDER", [mockProvider, sumsubProvider]);

/** What every function needs to know of its surroundings. */
export type Environment = z.output<typeof base>;

/** What the functions that talk with the KYC provider need besides. */
export type KycProviderEnvironment = z.output<typeof kycProvider>;

/** See {@link KycProviderEnvironment}. */
export type MockProviderEnvironment = z.output<typeof mockProvider>;

/** See {@link KycProviderEnvironment}. */
export type SumsubEnvironment = z.output<typeof sumsubProvider>;

/** A start that cannot succeed. Its stack would only hide the sentence, so it has none. */
class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  override readonly stack = "";
}

/**
 * Reads the environment. A function that lacks a setting must not start: half a configuration is
 * how open doors come about.
 *
 * @throws Error with one sentence that names every variable at fault
 * @example const env = readEnvironment();
 */
export function readEnvironment(variables: Variables = runtimeVariables()): Environment {
  return parse(base, variables);
}

/** Reads the settings of the KYC provider; see {@link readEnvironment}. */
export function readKycProviderEnvironment(
  variables: Variables = runtimeVariables(),
): KycProviderEnvironment {
  return parse(kycProvider, variables);
}

/** Variables by name, as the runtime has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Deno, the platform's runtime and Node all offer the environment under this name. */
export function runtimeVariables(): Variables {
  return process.env;
}

/**
 * Reads variables by a shape.
 *
 * @throws Error with one sentence that names every variable at fault
 */
export function parse<Shape extends z.ZodType>(
  shape: Shape,
  variables: Variables,
): z.output<Shape> {
  // An empty variable is one that nobody filled in.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value));
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path: [variable], message }) => {
    const name = String(variable);
    return `${name} ${name in given ? message : "is missing"}`;
  });
  throw new ConfigurationError(`This function cannot start: ${faults.join("; ")}.`);
}

/** The key named `default`, or the only one there is. */
function defaultKey(keys: Readonly<Record<string, string>>): string {
  return keys.default ?? Object.values(keys)[0] ?? "";
}

/** The platform names region and deployment, and serves its API by https; no local stack does. */
function isHosted(variables: {
  readonly SUPABASE_URL: string;
  readonly SB_REGION?: string | undefined;
  readonly DENO_DEPLOYMENT_ID?: string | undefined;
}): boolean {
  return (
    variables.SUPABASE_URL.startsWith("https:") ||
    variables.SB_REGION !== undefined ||
    variables.DENO_DEPLOYMENT_ID !== undefined
  );
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
