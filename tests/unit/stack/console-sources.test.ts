import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hasConsole, sourcesHash } from "../../../scripts/stack/console/sources.ts";

async function project(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "console-sources-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "admin-console", "src"), { recursive: true });
  await writeFile(join(root, "admin-console", "index.html"), "<!doctype html>");
  await writeFile(join(root, "admin-console", "src", "main.tsx"), "one");
  await writeFile(join(root, "package.json"), "{}");
  return root;
}

test("a project without the page has no console", async () => {
  const root = await project();
  expect(hasConsole(root)).toBe(true);
  await rm(join(root, "admin-console", "index.html"));
  expect(hasConsole(root)).toBe(false);
});

test("a build is made anew when a source, its name or a version changes, and not for a document", async () => {
  const root = await project();
  const seen = [await sourcesHash(root)];
  const changes: [string, string][] = [
    ["admin-console/src/main.tsx", "two"],
    ["admin-console/src/more.tsx", ""],
    ["package.json", '{"version":"2"}'],
  ];
  for (const [path, text] of changes) {
    await writeFile(join(root, path), text);
    seen.push(await sourcesHash(root));
  }
  expect(new Set(seen).size).toBe(4);
  await writeFile(join(root, "admin-console", "README.md"), "words");
  expect(await sourcesHash(root)).toBe(seen.at(-1));
});
