import { join } from "node:path";
import { LOCAL_MOCK_KYC_ADMIN_KEY } from "../keys.ts";
import type { Child, SpawnChild } from "../processes.ts";
import { serviceEnv, startService } from "./json-lines.ts";

export interface MockKycOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly port: number;
  /** Shared with the functions: what they send, and what the mock signs with. */
  readonly apiKey: string;
  readonly webhookSecrets: string;
  readonly callbackUrl: string;
  /** What the mock's delays are multiplied with; 0 for tests. */
  readonly timeScale: number;
  readonly spawn: SpawnChild;
}

/** The KYC provider's stand-in: a program of its own that knows only its URL and keys. */
export async function startMockKyc(options: MockKycOptions): Promise<Child> {
  return startService(options.spawn, {
    name: "mock KYC server",
    command: process.execPath,
    args: [join(options.root, "mock-kyc", "main.ts")],
    cwd: options.root,
    env: {
      ...serviceEnv(options.cacheDir),
      MOCK_KYC_API_KEY: options.apiKey,
      MOCK_KYC_WEBHOOK_SECRETS: options.webhookSecrets,
      MOCK_KYC_ADMIN_KEY: LOCAL_MOCK_KYC_ADMIN_KEY,
      MOCK_KYC_HOST: "127.0.0.1",
      MOCK_KYC_PORT: String(options.port),
      MOCK_KYC_CALLBACK_URL: options.callbackUrl,
      MOCK_TIME_SCALE: String(options.timeScale),
    },
    logFile: join(options.stateDir, "logs", "mock-kyc.log"),
  });
}
