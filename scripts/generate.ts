// Writes everything that is made from the contract, the list of error codes and the migrated database.
// `--check` writes nothing and fails when a file is stale. `--contract-only` needs no database; with
// `--database-url` the one given is read, otherwise a throw-away one is started.
import { parseArgs } from "node:util";
import { generateContract } from "./generate/contract.ts";
import { generateDatabase } from "./generate/database.ts";
import { generateErrorCodes } from "./generate/error-codes.ts";
import { findStale, type OutputFile, writeFiles } from "./generate/output.ts";
import { startDatabaseOnly } from "./stack/database.ts";

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    "contract-only": { type: "boolean", default: false },
    "database-url": { type: "string" },
  },
});

async function database(): Promise<OutputFile[]> {
  if (options["contract-only"]) return [];
  const url = options["database-url"];
  if (url !== undefined) return generateDatabase(url);
  const started = await startDatabaseOnly();
  try {
    return await generateDatabase(started.url);
  } finally {
    await started.dispose();
  }
}

async function check(files: readonly OutputFile[]): Promise<void> {
  const stale = await findStale(files);
  if (stale.length === 0) return;
  console.error(`Stale: ${stale.join(", ")}\nRun \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
}

const errorCodes = generateErrorCodes();
// The contract refers to the enum of the codes, so that file comes first.
if (!options.check) await writeFiles(errorCodes);
const files = [...errorCodes, ...(await generateContract()), ...(await database())];
if (options.check) await check(files);
else console.log(`generate: ${await writeFiles(files)} of ${files.length} files changed`);
