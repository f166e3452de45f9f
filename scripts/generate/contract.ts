import { bundleContract } from "./bundle.ts";
import { readContract } from "./open-api.ts";
import { generateOperations } from "./operations.ts";
import { banner, FUNCTIONS_GENERATED, type OutputFile } from "./output.ts";
import { generateRequestValidators } from "./request-validators.ts";
import { generateResponseValidators } from "./response-validators.ts";
import { generateTypes } from "./types.ts";

/** The bundle as a module: `meta.getOpenapi` loads it when it is asked for, and sends it as it is. */
function servedDocument(bundle: Record<string, unknown>): OutputFile {
  return {
    path: `${FUNCTIONS_GENERATED}/openapi-document.ts`,
    content: `${banner("openapi/")}
/** The contract as JSON text. */
export const openapiDocument: string =
  ${JSON.stringify(JSON.stringify(bundle))};
`,
  };
}

/** Everything that is made from the contract alone. */
export async function generateContract(): Promise<OutputFile[]> {
  const bundle = await bundleContract();
  const contract = readContract(bundle);
  return [
    { path: "openapi/bundle.generated.json", content: `${JSON.stringify(bundle, null, 2)}\n` },
    servedDocument(bundle),
    await generateTypes(bundle),
    generateOperations(contract),
    ...(await generateRequestValidators(contract)),
    ...(await generateResponseValidators(contract)),
  ];
}
