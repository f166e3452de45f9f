import { spawn } from "node:child_process";
import { once } from "node:events";

/** One command of a longer check. `hint` tells the reader what to do when it fails. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly hint: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Pass the output through as it comes, each line after this word, for steps that run for minutes. */
  readonly live?: string;
}

export interface StepResult {
  readonly step: Step;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

const root = new URL("../..", import.meta.url);
const running = new Set<ReturnType<typeof spawn>>();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 130;
  });
}

/** Prints what comes line by line, so that steps beside each other do not cut each other's lines. */
function lineWriter(prefix: string): { write(text: string): void; end(): void } {
  let rest = "";
  const print = (line: string) => process.stdout.write(`${prefix} │ ${line}\n`);
  return {
    write(text) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) print(line);
    },
    end() {
      if (rest !== "") print(rest);
    },
  };
}

/** Runs one step to its end; a command that cannot be started counts as failed. */
async function runStep(step: Step): Promise<StepResult> {
  const started = performance.now();
  const child = spawn(step.command, step.args, {
    cwd: root,
    env: { ...process.env, ...step.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    const live = step.live === undefined ? undefined : lineWriter(step.live);
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      live?.write(chunk.toString("utf8"));
    });
    stream.on("close", () => live?.end());
  }
  const code = await once(child, "close").then(
    ([exitCode]) => exitCode,
    (error: Error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      return 1;
    },
  );
  running.delete(child);
  return {
    step,
    ok: code === 0,
    output: Buffer.concat(chunks).toString("utf8"),
    seconds: (performance.now() - started) / 1000,
  };
}

function report(result: StepResult): void {
  const mark = result.ok ? "✓" : "✗";
  console.log(`${mark} ${result.step.name} (${result.seconds.toFixed(1)} s)`);
  if (result.ok) return;
  if (!result.step.live) console.log(result.output.trimEnd());
  console.log(`  → ${result.step.hint}`);
}

/** Runs steps, `width` at a time, printing each as it ends. All run, so that one run shows every fault. */
export async function runSteps(steps: readonly Step[], width: number): Promise<StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const result = await runStep(step);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
