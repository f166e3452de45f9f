import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { expect, test } from "vitest";
import { createStack } from "../../../scripts/stack/create-stack.ts";
import { startDatabaseOnly } from "../../../scripts/stack/database.ts";
import { resetStack } from "../../../scripts/stack/reset.ts";
import { outsideHome } from "../../../scripts/stack/services/postgres-user.ts";
import { asNormalUser, hasNamespaces, runCli, startArgs } from "./cli.ts";
import { cacheDir, makeProject } from "./project.ts";

const isRoot = process.getuid?.() === 0;

async function notes(dbUrl: string): Promise<unknown[]> {
  const sql = postgres(dbUrl, { max: 1 });
  const rows = await sql`select id, text from public.notes`;
  await sql.end();
  return [...rows];
}

test("it runs in a path with spaces, commas and quotes, in a folder that only its user can enter", async () => {
  await using project = await makeProject("my project, isn't it");
  await chmod(project.root, 0o700);
  await using stack = await createStack({
    root: project.root,
    dataDir: project.dataDir,
    cacheDir,
    ports: "free",
  });
  expect(await notes(stack.dbUrl)).toEqual([{ id: 1, text: "seeded" }]);
  const response = await fetch(`${stack.apiUrl}/functions/v1/hello`);
  expect(await response.text()).toBe("first");
  expect((await stat(project.dataDir)).mode & 0o777).toBe(0o700);
});

test("it runs as a normal user", async () => {
  await using project = await makeProject();
  await using run = await runCli({ prefix: asNormalUser, args: startArgs(project) });
  await run.printed(/Ready after [\s\S]*Ctrl-C/);
  expect(await notes(run.address("Database"))).toEqual([{ id: 1, text: "seeded" }]);
  run.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(await run.remains()).toEqual([]);
});

// Only root meets these: it must not be the user that Postgres runs as.
const otherUsers = hasNamespaces ? (["namespace", "nobody"] as const) : (["nobody"] as const);
if (isRoot) {
  test.each(otherUsers)(
    "root's Postgres runs as another user (%s), also below a folder that only root can enter",
    async (user) => {
      const closed = await mkdtemp(join(tmpdir(), "nff-closed-"));
      await chmod(closed, 0o700);
      await using project = await makeProject();
      const start = () =>
        startDatabaseOnly({
          root: project.root,
          stateDir: join(closed, "state"),
          user,
          seed: true,
        });
      const first = await start();
      expect(await notes(first.url)).toEqual([{ id: 1, text: "seeded" }]);
      await first.dispose();

      const second = await start();
      expect(await notes(second.url)).toEqual([{ id: 1, text: "seeded" }]);
      await second.dispose();
      await resetStack({ dataDir: join(closed, "state") });
      expect(await readdir(closed)).toEqual([]);
      expect(existsSync(outsideHome(join(closed, "state")))).toBe(false);
      await rm(closed, { recursive: true });
    },
  );
}
