import { execFileSync } from "node:child_process";
import { isAlive } from "../../../scripts/stack/is-alive.ts";
import { poll } from "../../../scripts/stack/poll.ts";
import { isPortFree } from "../../../scripts/stack/ports.ts";

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processTable(): Entry[] {
  const text = execFileSync("ps", ["-e", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
  });
}

/** Every process below the given ones, themselves included, as "pid command". */
export function processesBelow(...roots: readonly number[]): Entry[] {
  const table = processTable();
  const found = new Map(table.filter(({ pid }) => roots.includes(pid)).map((e) => [e.pid, e]));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const entry of table) if (found.has(entry.parent)) found.set(entry.pid, entry);
  }
  return [...found.values()];
}

export function portsOf(env: Readonly<Record<string, string>>): number[] {
  return Object.values(env).flatMap((value) => {
    const port = URL.canParse(value) ? new URL(value).port : "";
    return port === "" ? [] : [Number(port)];
  });
}

/** What still runs or listens, given some seconds to end; empty when all is gone. */
export async function leftovers(
  processes: readonly Entry[],
  ports: readonly number[],
): Promise<string[]> {
  const look = async () => {
    const alive = processes.filter(({ pid }) => isAlive(pid));
    const taken: number[] = [];
    for (const port of ports) if (!(await isPortFree(port))) taken.push(port);
    return [
      ...alive.map(({ pid, command }) => `process ${pid} ${command}`),
      ...taken.map((port) => `port ${port}`),
    ];
  };
  const gone = await poll(async () => (await look()).length === 0, { timeoutMs: 15_000 });
  return gone ? [] : look();
}
