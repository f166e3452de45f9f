import { readdirSync } from "node:fs";
import { runSteps, type Step } from "./lib/steps.ts";

const functionsDir = new URL("../supabase/functions/", import.meta.url);
const entryPoints = readdirSync(functionsDir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
  .map((entry) => `supabase/functions/${entry.name}/index.ts`);

const steps: readonly Step[] = [
  {
    name: "types (Node)",
    command: "tsc",
    args: ["--noEmit", "-p", "."],
    hint: "fix the types; the same code runs in Deno, Node and vitest",
  },
  {
    name: "types (console)",
    command: "tsc",
    args: ["--noEmit", "-p", "admin-console"],
    hint: "fix the types of the page in admin-console/",
  },
  {
    name: "types (Deno)",
    command: "deno",
    args: ["check", "--frozen", "--config", "supabase/functions/deno.json", ...entryPoints],
    hint: "fix the types as Deno sees them; versions stand in supabase/functions/deno.json",
  },
  {
    name: "lint and format",
    command: "biome",
    args: ["ci", "--error-on-warnings", "--colors=off", "."],
    hint: "run `npm run format`, then fix what is left",
  },
  {
    name: "unused code and dependencies",
    command: "knip",
    args: ["--no-progress"],
    hint: "delete what nothing uses, or name its user in knip.json",
  },
  {
    name: "contract lint",
    command: "redocly",
    args: ["lint", "openapi/openapi.yaml", "openapi/kyc-provider/openapi.yaml"],
    hint: "fix the contract; the rules stand in redocly.yaml",
  },
  {
    name: "contract compatibility",
    command: "node",
    args: ["scripts/contract-diff.ts"],
    hint: "make the change additive, or release a new dated version (CONTRIBUTING.md)",
  },
  {
    name: "generated files are fresh",
    command: "node",
    args: ["scripts/generate.ts", "--check"],
    hint: "run `npm run generate` and commit what it writes",
  },
  {
    name: "repository rules",
    command: "vitest",
    args: ["run", "--project", "repo", "--reporter=dot"],
    hint: "each failed rule says what to do",
  },
];

// Two at a time: more would only take turns on a small machine.
const results = await runSteps(steps, 2);
const failed = results.filter((result) => !result.ok).length;
console.log(`check: ${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
