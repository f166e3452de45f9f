import { readCliOptions } from "./stack/cli-options.ts";
import { StackError } from "./stack/errors.ts";
import { resetStack } from "./stack/reset.ts";
import { runStack } from "./stack/run-stack.ts";
import { printStatus } from "./stack/status.ts";
import { stopStack } from "./stack/stop.ts";

async function main(): Promise<number> {
  const options = readCliOptions(process.argv.slice(2));
  switch (options.command) {
    case "start":
      return runStack(options);
    case "status":
      return printStatus(options);
    case "stop":
      return stopStack(options);
    case "reset":
      return resetStack(options);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  // What we foresaw is a sentence for a person; anything else is a defect and shows its stack.
  console.error(error instanceof StackError ? error.message : error);
  process.exitCode = 1;
}
