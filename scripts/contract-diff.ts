// Refuses a breaking change to the released contract. `--release` keeps the current contract as the
// released one under its version; a version is released once.

import { constants } from "node:fs";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compareContracts } from "./contract/compare.ts";
import { readContract } from "./generate/open-api.ts";

const openapi = fileURLToPath(new URL("../openapi/", import.meta.url));
const current = `${openapi}bundle.generated.json`;

/** The newest released contract; the names are dates, so they sort by time. */
async function newestRelease(): Promise<string> {
  const names = (await readdir(`${openapi}released`)).filter((name) => name.endsWith(".json"));
  const newest = names.sort().at(-1);
  if (!newest)
    throw new Error("Nothing is released yet: run `node scripts/contract-diff.ts --release`.");
  return `${openapi}released/${newest}`;
}

async function release(): Promise<void> {
  const { version } = readContract(JSON.parse(await readFile(current, "utf8")));
  const target = `${openapi}released/${version}.json`;
  await copyFile(current, target, constants.COPYFILE_EXCL);
  console.log(`contract: ${version} is released`);
}

async function compare(): Promise<void> {
  const { isBreaking, report } = await compareContracts(await newestRelease(), current);
  console.log(report);
  if (!isBreaking) return;
  console.error(
    "A released contract only grows: make the change additive, or give it a new version.",
  );
  process.exitCode = 1;
}

const { values } = parseArgs({ options: { release: { type: "boolean", default: false } } });
await (values.release ? release() : compare());
