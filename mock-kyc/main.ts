import { readEnvironment } from "./env.ts";
import { startMockKyc } from "./start.ts";

/** One sentence on standard error instead of a stack trace: what is wrong is the set-up. */
function refuse(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

try {
  const server = await startMockKyc(readEnvironment(process.env));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      server.close().then(() => process.exit(0), refuse);
    });
  }
  console.log(JSON.stringify({ event: "ready", url: server.url, pid: process.pid }));
} catch (error) {
  refuse(error);
}
