import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

// What `npm run console:build` runs.
const script = fileURLToPath(new URL("../../scripts/console-build.ts", import.meta.url));
const build = (...args: string[]) => promisify(execFile)(process.execPath, [script, ...args]);

test("a build for another server knows its project and the headers that it needs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "console-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const out = join(folder, "console");
  const api = "https://abcdefgh.supabase.co";
  await build("--url", `${api}/`, "--key", "sb_publishable_test", "--out", out);
  expect(JSON.parse(await readFile(join(out, "config.json"), "utf8"))).toEqual({
    supabase_url: api,
    publishable_key: "sb_publishable_test",
    idle_minutes: 15,
  });
  const headers = await readFile(join(out, "_headers"), "utf8");
  expect(headers).toContain(`connect-src 'self' ${api} wss://abcdefgh.supabase.co;`);
  expect(headers).toContain("frame-ancestors 'none'");
  const files = await readdir(out, { recursive: true });
  expect(files).toContain("index.html");
  expect(files.filter((name) => name.endsWith(".map"))).toEqual([]);
});

test("a secret key is not put into a page", async () => {
  await expect(
    build("--url", "https://abcdefgh.supabase.co", "--key", "sb_secret_test"),
  ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("sb_publishable_") });
});
