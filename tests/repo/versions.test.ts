import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { read, root } from "./lib/files.ts";

const manifest: {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
} = JSON.parse(read("package.json"));
const deno: { imports: Record<string, string> } = JSON.parse(read("supabase/functions/deno.json"));

test("every dependency is pinned to an exact version", () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  expect(
    Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
  ).toEqual([]);
});

test("the functions' import map names the versions of package.json", () => {
  const entries = Object.entries(deno.imports);
  expect(entries.length).toBeGreaterThan(3);
  for (const [name, target] of entries) {
    const [, dependency = "", version] = /^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    expect(version, name).toBe(manifest.dependencies[dependency]);
  }
});

test("every dependency earns a line in docs/dependencies.md", () => {
  const page = read("docs/dependencies.md");
  const missing = [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.devDependencies),
  ].filter((name) => !page.includes(`| \`${name}\` |`));
  expect(missing).toEqual([]);
});

test("config.toml declares each function folder, without the platform's token check", () => {
  const config = read("supabase/config.toml");
  const folders = readdirSync(join(root, "supabase/functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map((entry) => entry.name)
    .sort();
  const declared = [...config.matchAll(/^\[functions\.([a-z-]+)\]$/gm)]
    .map(([, name]) => name)
    .sort();
  expect(declared).toEqual(folders);
  // Authentication happens in the function: the platform's check lets bare API keys through.
  expect(config.match(/^verify_jwt = false$/gm)?.length).toBe(folders.length);
});

test("the lock files name no download address", () => {
  expect(read("package-lock.json")).not.toContain('"resolved": "http');
  expect(read("supabase/functions/deno.lock")).not.toMatch(/https?:\/\//);
});

test("the lock file lists the binaries of every platform, or npm ci refuses it", () => {
  const {
    packages,
  }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(
    read("package-lock.json"),
  );
  const listed = new Set(
    Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")),
  );
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !listed.has(name));
  expect([...new Set(missing)]).toEqual([]);
});
