import { join } from "node:path";
import { z } from "zod";
import { StackError } from "../errors.ts";
import { type Child, type ChildSpec, type SpawnChild, tailOf } from "../processes.ts";

const event = z.looseObject({ event: z.string(), message: z.string().optional() });

const READY_TIMEOUT_MS = 30_000;

function parseEvent(line: string): z.output<typeof event> | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Starts a service that prints `{"event":"ready"}` once it serves, or `{"event":"failed","message"}`. */
export async function startService(
  spawn: SpawnChild,
  spec: Omit<ChildSpec, "onLine">,
  afterSpawn: (child: Child) => void = () => {},
): Promise<Child> {
  const answer = Promise.withResolvers<string | undefined>();
  const child = await spawn({
    ...spec,
    onLine: (line) => {
      const found = parseEvent(line);
      if (found?.event === "ready") answer.resolve(undefined);
      if (found?.event === "failed") answer.resolve(found.message ?? "it gave no reason");
    },
  });
  afterSpawn(child);
  void child.ended.then((outcome) => answer.resolve(`it ended with ${outcome}`));
  const timer = setTimeout(
    () => answer.resolve(`it was not ready after ${READY_TIMEOUT_MS / 1000} s`),
    READY_TIMEOUT_MS,
  );
  const failure = await answer.promise;
  clearTimeout(timer);
  if (failure === undefined) return child;
  await child.stop();
  throw new StackError(
    "service_failed",
    `The ${spec.name} did not start: ${failure}. Its log ${spec.logFile} ends with:\n${await tailOf(spec.logFile, 10)}`,
  );
}

/** How a Node service reaches the outside. */
const OUTBOUND = [
  "PATH",
  "HOME",
  "TMPDIR",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

/** What a Node service of the stack inherits: nothing that configures it. */
export function serviceEnv(cacheDir: string): Record<string, string> {
  const outbound = OUTBOUND.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  // Keeps what TypeScript became: 20 MB less per process, and a faster start.
  return { ...Object.fromEntries(outbound), NODE_COMPILE_CACHE: join(cacheDir, "node") };
}
