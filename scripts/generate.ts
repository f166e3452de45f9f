// Writes everything that is made from the contract and the list of error codes, and with a database
// URL also what is made from the schema. `--check` writes nothing and fails when a file is stale.
import { parseArgs } from "node:util";
import { generateContract } from "./generate/contract.ts";
import { generateDatabase } from "./generate/database.ts";
import { generateErrorCodes } from "./generate/error-codes.ts";
import { findStale, type OutputFile, writeFiles } from "./generate/output.ts";

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    "database-url": { type: "string" },
  },
});

/** Reports stale files; the lint step of `npm run check` prints the hint as well. */
async function check(files: readonly OutputFile[]): Promise<void> {
  const stale = await findStale(files);
  if (stale.length === 0) return;
  console.error(`Stale: ${stale.join(", ")}\nRun \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
}

const database = values["database-url"] ? await generateDatabase(values["database-url"]) : [];
const errorCodes = generateErrorCodes();
// The contract refers to the enum of the codes, so that file comes first.
if (!values.check) await writeFiles(errorCodes);
const files = [...errorCodes, ...(await generateContract()), ...database];
if (values.check) await check(files);
else console.log(`generate: ${await writeFiles(files)} of ${files.length} files changed`);
