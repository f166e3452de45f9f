import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createStack, type StackOptions } from "../../../scripts/stack/create-stack.ts";
import { explainSystemError } from "../../../scripts/stack/errors.ts";
import { freePort } from "../../../scripts/stack/ports.ts";
import { requireRuntime } from "../../../scripts/stack/versions.ts";
import { hasNamespaces, runCli, startArgs, startCli } from "./cli.ts";
import { cacheDir, makeProject, type Project } from "./project.ts";

let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
beforeEach(() => rm(project.dataDir, { recursive: true, force: true }));
afterAll(() => project[Symbol.asyncDispose]());

/** Starts expecting a refusal, and returns it; a stack that starts after all is a failure. */
async function refusal(options: Partial<StackOptions> = {}): Promise<unknown> {
  const start = {
    root: project.root,
    dataDir: project.dataDir,
    cacheDir,
    ports: "free",
    ...options,
  };
  try {
    const stack = await createStack({ ...start, ports: options.ports ?? "free" });
    await stack.dispose();
  } catch (error) {
    return error;
  }
  throw new Error("the stack started");
}

async function clusterFile(name: string, text: string): Promise<void> {
  const folder = join(project.dataDir, "postgres", "cluster");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), text);
}

describe("a port that is taken is an error that names the option", () => {
  test.each([
    ["api", "--api-port"],
    ["db", "--db-port"],
    ["mail", "--mail-port"],
    ["mockKyc", "--mock-kyc-port"],
  ] as const)("for %s", async (name, option) => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const ports = { api: await freePort(), db: await freePort(), mail: await freePort() };
    const error = await refusal({ ports: { ...ports, mockKyc: await freePort(), [name]: port } });
    expect(error).toMatchObject({
      code: "port_in_use",
      message: expect.stringMatching(
        new RegExp(`Port ${port} .*process ${process.pid} .*choose another with .*${option}`),
      ),
    });
    await new Promise((resolve) => other.close(resolve));
  });
});

test("a second start on the same folder is refused and leaves the first alone", async () => {
  await using first = await startCli(project);
  await using second = await runCli({ args: startArgs(project) });
  expect(await second.exit).toBe(1);
  expect(second.output()).toMatch(/^A stack already runs on .* \(process \d+\): .*\n$/);
  const response = await fetch(`${first.address("API")}/functions/v1/hello`);
  expect(await response.text()).toBe("first");
});

describe("a broken data folder is an error that says how to start over", () => {
  test("when it is not one of Postgres", async () => {
    await clusterFile("notes.txt", "not a database");
    expect(await refusal()).toMatchObject({
      code: "data_folder_broken",
      message: expect.stringContaining("is not a Postgres data folder: `npm run stack:reset`"),
    });
  });

  test("when another version made it", async () => {
    await clusterFile("PG_VERSION", "15\n");
    expect(await refusal()).toMatchObject({
      code: "data_folder_broken",
      message: expect.stringContaining("was made by Postgres 15 and this is Postgres 17"),
    });
  });

  test("when Postgres refuses it", async () => {
    const stack = await createStack({
      root: project.root,
      dataDir: project.dataDir,
      cacheDir,
      ports: "free",
    });
    await stack.dispose();
    await rm(join(project.dataDir, "postgres", "cluster", "global", "pg_control"));
    expect(await refusal()).toMatchObject({
      code: "data_folder_broken",
      message: expect.stringMatching(/pg_control.*stack:reset/s),
    });
  });

  test("when the signing key is not one", async () => {
    await mkdir(project.dataDir, { recursive: true });
    await writeFile(join(project.dataDir, "signing-key.json"), "{}");
    expect(await refusal()).toMatchObject({
      code: "data_folder_broken",
      message: expect.stringContaining("is not a signing key"),
    });
  });
});

test("a data folder that cannot be made is an error that names the option", async () => {
  await writeFile(join(project.root, "file"), "");
  expect(await refusal({ dataDir: join(project.root, "file", "data") })).toMatchObject({
    code: "data_folder_unusable",
    message: expect.stringContaining("choose another folder with --data-dir"),
  });
});

describe("a full disk is one sentence", () => {
  test.each([
    ["a file", Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" })],
    ["a table", Object.assign(new Error("could not extend file"), { code: "53100" })],
  ])("when %s could not be written", (_what, error) => {
    expect(explainSystemError(error, project.dataDir)).toMatchObject({
      code: "disk_full",
      message: `The disk is full: ${error.message}.`,
    });
  });

  // A disk of 30 MB needs a mount namespace, which some containers refuse.
  if (hasNamespaces) {
    test("when there is too little room to start", async () => {
      await mkdir(project.dataDir, { recursive: true });
      const mount = 'mount -t tmpfs -o size=30m tmpfs "$0" && exec "$@"';
      const unshare = ["unshare", "--user", "--map-root-user", "--mount"];
      await using run = await runCli({
        prefix: [...unshare, "sh", "-c", mount, project.dataDir],
        args: startArgs(project),
      });
      expect(await run.exit).toBe(1);
      expect(run.output()).toMatch(/^The disk is full: .* needs \d+ MB and has \d+ MB\.\n$/);
    });
  }
});

describe("what the project holds is checked", () => {
  test("a migration that fails says what the database said, and the next start goes on", async () => {
    const file = "supabase/migrations/20260103000000_break_it.sql";
    await project.write(file, "select 1 / 0;");
    expect(await refusal()).toMatchObject({
      code: "migration_failed",
      message: expect.stringContaining("division by zero"),
    });
    await rm(join(project.root, file));
    const stack = await createStack({
      root: project.root,
      dataDir: project.dataDir,
      cacheDir,
      ports: "free",
    });
    await stack.dispose();
  });

  test("a seed that fails says which file and why", async () => {
    await using other = await makeProject();
    await other.write("supabase/seed.sql", "insert into public.missing values (1);");
    expect(await refusal({ root: other.root, dataDir: other.dataDir })).toMatchObject({
      code: "seed_failed",
      message: expect.stringMatching(/seed\.sql failed: relation "public\.missing" does not exist/),
    });
  });

  test("a config.toml that is none", async () => {
    await using other = await makeProject();
    await other.write("supabase/config.toml", "[auth\n");
    expect(await refusal({ root: other.root, dataDir: other.dataDir })).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("config.toml cannot be read"),
    });
  });

  test("a function that does not start, unless its files are watched", async () => {
    await using other = await makeProject();
    await other.write("supabase/functions/broken/index.ts", "throw new Error('no secret');");
    expect(await refusal({ root: other.root, dataDir: other.dataDir })).toMatchObject({
      code: "service_failed",
      message: expect.stringMatching(/Function broken does not start: .*no secret/),
    });
  });
});

test("no network at the first start is one sentence and Deno's own words", async () => {
  await using other = await makeProject();
  await other.write("supabase/functions/hello/index.ts", 'import "npm:hono@4.13.19";');
  await using run = await runCli({
    args: [...startArgs(other), `--cache-dir=${join(other.root, ".stack", "cache")}`],
    env: { NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/" },
  });
  expect(await run.exit).toBe(1);
  expect(run.output()).toMatch(/^The functions' npm packages could not be fetched: .*network/m);
  expect(await run.remains()).toEqual([]);
});

test("an old Node and Windows are told what to do", () => {
  expect(() => requireRuntime("22.1.0", "linux")).toThrow(
    /This is Node 22\.1\.0 .* start it with `npm start`/,
  );
  expect(() => requireRuntime("24.0.0", "win32")).toThrow(/inside WSL/);
  expect(() => requireRuntime("24.0.0", "darwin")).not.toThrow();
});

test.each([
  [["start", "--api-port", "http"], "--api-port http is not a number."],
  [["start", "--db-port", "70000"], "--db-port 70000 is above 65535."],
  [["start", "--colour"], "Unknown option '--colour'"],
  [["begin"], "Usage: node scripts/stack.ts"],
])("a command line %j is refused with the reason", async (args, reason) => {
  await using run = await runCli({ args });
  expect(await run.exit).toBe(1);
  expect(run.output()).toContain(reason);
});
