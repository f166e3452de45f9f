import { z } from "zod";
import { apiToml, authToml, storageToml } from "./config-toml.ts";

const port = z.int().min(0).max(65_535);

/** A function process; the port may change when the process is started again. */
const functionRoute = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]+$/),
  port: port.min(1),
  verifyJwt: z.boolean(),
});

/** ES256 private key. `kid` is what tokens and the published key set carry. */
const signingKey = z.looseObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  kid: z.string().min(1),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});

/**
 * What the gateway process reads as its first line of standard input. `api`, `auth` and `storage` are
 * the tables of `supabase/config.toml` as they stand there, with `env(…)` resolved.
 */
export const gatewayConfig = z.strictObject({
  host: z.string().default("127.0.0.1"),
  /** 0 takes a free port; the "ready" event tells which. */
  apiPort: port,
  mailPort: port,
  /** Origin that clients use; default: http://host:apiPort. */
  apiUrl: z.url().optional(),
  /** Connection as the superuser `supabase_admin`. */
  dbUrl: z.string(),
  publishableKey: z.string().startsWith("sb_publishable_"),
  secretKey: z.string().startsWith("sb_secret_"),
  signingKey,
  /** Folder for stored objects; created when missing. */
  storageDir: z.string(),
  /** The bundled contract that /docs/ shows; without it /docs/ says so. */
  contractFile: z.string().optional(),
  /** The build of the console for /console/; it may come after the start. */
  consoleDir: z.string().optional(),
  /** Folder that `content_path` of mail templates is relative to. */
  projectDir: z.string().default("."),
  functions: z.array(functionRoute),
  /** An OpenID provider that stands in for Google, for tests of sign-in. */
  googleIssuer: z.url().optional(),
  /** "Allow public access" of Realtime: channels without a policy. Off, as the project wants it hosted. */
  realtimePublicChannels: z.boolean().default(false),
  api: apiToml.default(apiToml.parse({})),
  auth: authToml.default(authToml.parse({})),
  storage: storageToml.default(storageToml.parse({})),
});

/** Later lines of standard input: the functions that run now, in place of the former list. */
export const controlMessage = z.strictObject({ functions: z.array(functionRoute) });

/** What the process writes to standard output, one JSON object per line. */
export type GatewayEvent =
  | { readonly event: "ready"; readonly apiPort: number; readonly mailPort: number }
  | { readonly event: "failed"; readonly message: string };

export type GatewayConfigInput = z.input<typeof gatewayConfig>;
export type GatewayConfig = z.output<typeof gatewayConfig>;
export type FunctionRoute = z.output<typeof functionRoute>;
export type SigningKey = z.output<typeof signingKey>;
