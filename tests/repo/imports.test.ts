import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, sourceFiles } from "./lib/files.ts";
import { importsOf } from "./lib/syntax.ts";

/** Data flows one way; each layer names what it may reach (paths from the top, `*` = a function). */
const LAYERS: readonly { from: RegExp; may: readonly RegExp[] }[] = [
  { from: /^supabase\/functions\/_shared\/(errors|env)\.ts$/, may: [] },
  {
    from: /^supabase\/functions\/_shared\/domain\//,
    may: [/_shared\/domain\//, /_shared\/errors\.ts$/, /_shared\/generated\//],
  },
  {
    from: /^supabase\/functions\/_shared\//,
    may: [/^supabase\/functions\/_shared\//],
  },
  {
    from: /^supabase\/functions\/[a-z-]+\/operations\//,
    may: [
      /^supabase\/functions\/_shared\/(?!env\.ts)/,
      /^supabase\/functions\/[a-z-]+\/(?!operations\/|app\.ts|index\.ts)/,
    ],
  },
  {
    from: /^supabase\/functions\/[a-z-]+\/app\.ts$/,
    may: [/^supabase\/functions\/_shared\//, /^supabase\/functions\/[a-z-]+\//],
  },
  {
    from: /^supabase\/functions\/[a-z-]+\/index\.ts$/,
    may: [/^supabase\/functions\/[a-z-]+\/(app|deps)\.ts$/, /^supabase\/functions\/_shared\//],
  },
  {
    from: /^supabase\/functions\/[a-z-]+\//,
    may: [/^supabase\/functions\/_shared\//, /^supabase\/functions\/[a-z-]+\//],
  },
  { from: /^mock-kyc\//, may: [/^mock-kyc\//] },
  // A page knows itself and what all pages share; of the server only what the contract says.
  {
    from: /^admin-console\/src\/(?!pages\/|routes\.ts|app\.tsx)/,
    may: [/^admin-console\/src\/(?!pages\/)/, /_shared\/generated\/(contract|operations)\.ts$/],
  },
  {
    from: /^admin-console\//,
    may: [/^admin-console\//, /_shared\/generated\/(contract|operations)\.ts$/],
  },
  { from: /^scripts\//, may: [/^scripts\//, /_shared\/errors\.ts$/, /_shared\/generated\//] },
];

const functionOf = (path: string) => /^supabase\/functions\/([a-z-]+)\//.exec(path)?.[1];

function faults(path: string): string[] {
  const layer = LAYERS.find(({ from }) => from.test(path));
  if (!layer) return [];
  return importsOf(path)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)))
    .filter((target) => {
      const foreign =
        functionOf(path) && functionOf(target) && functionOf(path) !== functionOf(target);
      return foreign || !layer.may.some((allowed) => allowed.test(target));
    })
    .map((target) => `${path} → ${target}`);
}

test("imports flow one way (the table in this file says who may reach what)", () => {
  const sources = sourceFiles("supabase/functions", "mock-kyc", "scripts", "admin-console");
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.flatMap(faults)).toEqual([]);
});

test("the shared domain is pure: it imports no package", () => {
  const packages = sourceFiles("supabase/functions/_shared/domain").flatMap((path) =>
    importsOf(path)
      .filter((specifier) => !specifier.startsWith("."))
      .map((specifier) => `${path} → ${specifier}`),
  );
  expect(packages).toEqual([]);
});

test("every relative import names an existing file with its extension", () => {
  const known = new Set(files);
  const broken = sourceFiles(
    "supabase/functions",
    "mock-kyc",
    "scripts",
    "tests",
    "admin-console",
  ).flatMap((path) =>
    importsOf(path)
      .filter((specifier) => specifier.startsWith("."))
      .filter(
        (specifier) => !known.has(posix.normalize(posix.join(posix.dirname(path), specifier))),
      )
      .map((specifier) => `${path} → ${specifier}`),
  );
  expect(broken).toEqual([]);
});
