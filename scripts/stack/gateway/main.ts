/**
 * The gateway process. The supervisor writes one JSON document to standard input, then a line per
 * change; it reads events from standard output. The end of standard input ends the process.
 */
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { controlMessage, type GatewayEvent, gatewayConfig } from "./config.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { logProblem, quietLibraryErrors } from "./log.ts";

const CLOSE_TIMEOUT_MS = 3_000;

const report = (event: GatewayEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);
const sentenceOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

quietLibraryErrors();

function fail(message: string): void {
  report({ event: "failed", message });
  process.exitCode = 1;
}

async function start(document: string): Promise<Gateway | undefined> {
  try {
    const config = gatewayConfig.safeParse(JSON.parse(document));
    if (!config.success) {
      fail(`The gateway's configuration is not valid:\n${z.prettifyError(config.error)}`);
      return undefined;
    }
    const gateway = await createGateway(config.data);
    report({ event: "ready", apiPort: gateway.apiPort, mailPort: gateway.mailPort });
    return gateway;
  } catch (error) {
    fail(`The gateway could not start: ${sentenceOf(error)}`);
    return undefined;
  }
}

function control(gateway: Gateway, line: string): void {
  try {
    gateway.setFunctions(controlMessage.parse(JSON.parse(line)).functions);
  } catch (error) {
    logProblem("control message", error instanceof z.ZodError ? z.prettifyError(error) : error);
  }
}

async function run(): Promise<void> {
  const input = createInterface({ input: process.stdin });
  const lines = input[Symbol.asyncIterator]();
  const document = await lines.next();
  const gateway = document.done ? undefined : await start(document.value);
  if (!gateway) {
    input.close();
    return;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => input.close());
  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    if (line.trim() !== "") control(gateway, line);
  }
  // Whatever still runs, the process ends: its supervisor waits for it.
  await Promise.race([gateway.close(), setTimeout(CLOSE_TIMEOUT_MS)]);
}

await run();
process.exit();
