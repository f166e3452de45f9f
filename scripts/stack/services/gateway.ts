import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FunctionRoute, GatewayConfigInput } from "../gateway/config.ts";
import type { Child, SpawnChild } from "../processes.ts";
import { serviceEnv, startService } from "./json-lines.ts";

/** The tables of config.toml go as they stand there: the gateway process validates them. */
type GatewayDocument = Omit<GatewayConfigInput, "api" | "auth" | "storage"> &
  Record<"api" | "auth" | "storage", Record<string, unknown>>;

export interface GatewayOptions {
  readonly config: GatewayDocument;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly root: string;
  readonly spawn: SpawnChild;
}

export interface Gateway {
  readonly child: Child;
  stop(): Promise<void>;
  /** Tells the process where the functions are now. */
  setFunctions(functions: readonly FunctionRoute[]): void;
}

/** One Node process: the single origin with Auth, the data API, Storage, and the mail catcher. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const write = (child: Child, message: unknown) =>
    child.stdin?.write(`${JSON.stringify(message)}\n`);
  const child = await startService(
    options.spawn,
    {
      name: "gateway",
      command: process.execPath,
      args: [fileURLToPath(new URL("../gateway/main.ts", import.meta.url))],
      cwd: options.root,
      env: serviceEnv(options.cacheDir),
      logFile: join(options.stateDir, "logs", "gateway.log"),
      stdin: true,
    },
    // By the pipe and not by arguments: the document holds the signing key and a password.
    (spawned) => write(spawned, options.config),
  );
  return { child, stop: child.stop, setFunctions: (functions) => write(child, { functions }) };
}
