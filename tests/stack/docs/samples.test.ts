import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passportPhoto } from "../../../scripts/demo/files.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { type Block, blocksOf, missingLine, storyOf } from "./lib/blocks.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const env = stackEnv();
const run = promisify(execFile);

const pages = globSync(["*.md", "docs/*.md", "mock-kyc/*.md", "admin-console/*.md"], { cwd: root })
  .sort()
  .map((path) => ({ path, blocks: blocksOf(readFileSync(join(root, path), "utf8")) }));
const blocks = pages.flatMap(({ path, blocks }) =>
  blocks.map((block) => ({ where: `${path}:${block.line}`, ...block })),
);
const inLanguage = (...languages: string[]) =>
  blocks.filter(({ language }) => languages.includes(language));

/** What the pages call by the addresses and keys of `npm start` is this stack. */
function onThisStack(code: string): string {
  return code
    .replaceAll("http://127.0.0.1:54321", env.supabaseUrl)
    .replaceAll("http://127.0.0.1:54324", env.mailpitUrl)
    .replaceAll("http://127.0.0.1:54330", env.mockKycUrl)
    .replaceAll("postgresql://postgres:postgres@127.0.0.1:54322/postgres", env.dbUrl)
    .replaceAll("sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH", env.publishableKey)
    .replaceAll("sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz", env.secretKey);
}

let folder = "";
beforeAll(async () => {
  // Below the checkout, so that the modules find its packages; .stack is not under version control.
  await mkdir(join(root, ".stack"), { recursive: true });
  folder = await mkdtemp(join(root, ".stack", "samples-"));
  const photo = await passportPhoto(folder);
  await writeFile(join(folder, "passport.jpg"), photo.bytes);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("every block is of a language that is executed, or is output", () => {
  const known = ["ts", "bash", "sql", "json", "text", "mermaid", ""];
  expect(
    blocks.filter(({ language }) => !known.includes(language)).map(({ where }) => where),
  ).toEqual([]);
  expect(inLanguage("ts").length).toBeGreaterThan(10);
});

describe("TypeScript, a page at a time", () => {
  const stories = pages.filter(({ blocks }) => blocks.some(({ language }) => language === "ts"));
  test.for(stories)("$path", async ({ path, blocks }) => {
    const { source, prints } = storyOf(blocks);
    const file = join(folder, `${path.replace(/\W+/g, "-")}.ts`);
    // Subscriptions and servers would keep the process: a page's story ends with its last line.
    await writeFile(file, `${onThisStack(source)}\n\nprocess.exit(0);\n`);
    const { stdout } = await run(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", file],
      {
        cwd: folder,
        timeout: 50_000,
      },
    );
    expect(missingLine(prints, stdout), stdout).toBeUndefined();
  });
});

/** `needs=…`: what this machine may not have. Then at least every command and option in the block must exist. */
const NEEDS = ["docker", "hosted-project"];

interface CliCommand {
  readonly words: string[];
  readonly options: string[];
  /** Variables that are set for this command alone. */
  readonly variables: Record<string, string>;
}

/** The `npx supabase …` lines of a block. */
function cliCommands(code: string): CliCommand[] {
  const lines = code.matchAll(/^((?:[A-Z_]+=\S+ )*)npx supabase ((?:[a-z]+ ?)+)([^#\n]*)/gm);
  return [...lines].map(([, variables = "", words = "", rest = ""]) => ({
    words: words.trim().split(" "),
    options: rest.match(/--[a-z-]+/g) ?? [],
    variables: Object.fromEntries(new URLSearchParams(variables.trim().replaceAll(" ", "&"))),
  }));
}

describe("shell", () => {
  const shell = inLanguage("bash");
  const elsewhere = (block: Block) => block.notes.has("needs") || block.notes.has("tested-by");

  test("what is not run here says why, with a reason that is known", () => {
    const unknown = shell.filter(({ notes }) => {
      const needs = notes.get("needs");
      return needs !== undefined && !NEEDS.includes(needs);
    });
    expect(unknown.map(({ where }) => where)).toEqual([]);
  });

  test.for(shell.filter((block) => !elsewhere(block)))("$where", async ({ code }) => {
    const tools = { SUPABASE_URL: env.supabaseUrl, SUPABASE_DB_URL: env.dbUrl };
    await run("bash", ["-euo", "pipefail", "-c", onThisStack(code)], {
      cwd: root,
      env: { ...process.env, ...tools, SAMPLES: folder },
      timeout: 50_000,
    });
  });

  test.for(shell.filter(({ notes }) => notes.has("tested-by")))(
    "$where is what a test of its own does",
    ({ notes, code }) => {
      const proof = join(root, notes.get("tested-by") ?? "");
      expect(existsSync(proof)).toBe(true);
      const words = code.match(/npm (?:run )?[a-z:-]+/g) ?? [];
      expect(words.length).toBeGreaterThan(0);
      const text = readFileSync(proof, "utf8");
      for (const word of words) expect(text).toContain(word.split(" ").at(-1));
    },
  );

  test.for(shell.filter(({ notes }) => notes.has("needs")))(
    "$where: its commands exist",
    async ({ code }) => {
      const commands = cliCommands(code);
      expect(commands.length + (code.match(/npx vitest run/g)?.length ?? 0)).toBeGreaterThan(0);
      for (const { words, options, variables } of commands) {
        const cli = join(root, "node_modules/.bin/supabase");
        const { stdout } = await run(cli, [...words, "--help"], {
          env: { ...process.env, ...variables },
          timeout: 30_000,
        });
        for (const option of options) expect(stdout, words.join(" ")).toContain(option);
      }
    },
  );
});

describe("SQL", () => {
  const sql = postgres(env.dbUrl, { max: 1, onnotice: () => {} });
  afterAll(() => sql.end());

  test.for(inLanguage("sql"))("$where", async ({ code }) => {
    await sql.begin(async (tx) => {
      await tx.unsafe(code);
      await tx.unsafe("rollback");
    });
  });
});

test.for(inLanguage("json"))("$where is JSON", ({ code }) => {
  expect(() => JSON.parse(code)).not.toThrow();
});
