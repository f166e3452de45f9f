import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStack } from "../../../scripts/stack/create-stack.ts";
import { isAlive } from "../../../scripts/stack/is-alive.ts";
import { lockPath, readLock } from "../../../scripts/stack/lock.ts";
import { runCli, startArgs, startCli } from "./cli.ts";
import { leftovers, portsOf, processesBelow } from "./processes.ts";
import { cacheDir, makeProject, type Project } from "./project.ts";

let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(() => project[Symbol.asyncDispose]());

test("dispose leaves no process, no port and no file, and may be called twice", async () => {
  const parent = await mkdtemp(join(tmpdir(), "nff-leaks-"));
  const stack = await createStack({
    root: project.root,
    dataDir: join(parent, "data"),
    cacheDir,
    ports: "free",
    temporary: true,
  });
  const processes = processesBelow(...Object.values(stack.pids()));
  expect(processes.length).toBeGreaterThan(4);

  await Promise.all([stack.dispose(), stack.dispose()]);

  expect(await leftovers(processes, portsOf(stack.env))).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
  await rm(parent, { recursive: true });
});

describe("a stack in the foreground leaves nothing", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("after %s", async (signal) => {
    await using run = await startCli(project);
    run.kill(signal);
    expect(await run.exit).toBe(0);
    expect(run.output()).toContain(`${signal}: stopping`);
    expect(await run.remains()).toEqual([]);
    expect(await readLock(project.dataDir)).toBeUndefined();
  });

  test("after SIGKILL of the supervisor", async () => {
    await using run = await startCli(project);
    const reaper = (await readLock(project.dataDir))?.reaperPid ?? 0;
    const reaping = processesBelow(reaper);
    expect(reaping.map(({ pid }) => pid)).toContain(reaper);
    run.kill("SIGKILL");
    expect(await run.exit).toBe("SIGKILL");
    expect(await run.remains()).toEqual([]);
    expect(await leftovers(reaping, [])).toEqual([]);
    expect(await readLock(project.dataDir), lockPath(project.dataDir)).toBeUndefined();
  });

  test.each([150, 400, 700])("after SIGTERM %i ms into its start", async (afterMs) => {
    await using run = await runCli({ args: startArgs(project) });
    const deadline = performance.now() + afterMs;
    // Not a wait for a result: the moment within the start is what varies.
    while (performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    run.kill("SIGTERM");
    const end = await run.exit;
    expect([0, 130, "SIGTERM"], run.output()).toContain(end);
    expect(await run.remains()).toEqual([]);
    expect(await readLock(project.dataDir)).toBeUndefined();
  });

  test.each([
    ["Postgres", "cluster", "postgres"],
    ["the gateway", "gateway/main.ts", "gateway"],
    ["the mock KYC server", "mock-kyc/main.ts", "mock KYC server"],
  ])("after the death of %s, and says which part died", async (_part, commandPart, name) => {
    await using run = await startCli(project);
    const victim = processesBelow(run.pid).find(({ command }) => command.includes(commandPart));
    expect(victim).toBeDefined();
    if (victim) process.kill(victim.pid, "SIGKILL");
    expect(await run.exit).toBe(1);
    expect(run.output()).toContain(`The ${name} ended with signal SIGKILL, so the stack stops.`);
    expect(await run.remains()).toEqual([]);
  });
});

test("a Postgres that lost both supervisor and reaper is stopped by the next start", async () => {
  await using lost = await startCli(project);
  const children = processesBelow(lost.pid);
  const orphan = children.find(({ command }) => command.includes("bin/postgres -D"));
  process.kill((await readLock(project.dataDir))?.reaperPid ?? 0, "SIGKILL");
  lost.kill("SIGKILL");
  await lost.exit;
  expect(orphan && isAlive(orphan.pid)).toBe(true);

  await using next = await startCli(project);
  expect(orphan && isAlive(orphan.pid)).toBe(false);
  next.kill("SIGTERM");
  expect(await next.exit).toBe(0);
  for (const { pid } of children) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  expect(await lost.remains()).toEqual([]);
});
