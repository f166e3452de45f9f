import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runRedocly } from "../contract/redocly.ts";

const CONTRACT_ROOT = "openapi/openapi.yaml";

const parts = z.looseObject({
  "x-common-parameters": z.array(z.unknown()).default([]),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ parameters: z.array(z.unknown()).default([]) })),
  ),
});

/** Adds the headers of every operation, which the root names once, to each of them. */
function withCommonParameters(source: unknown): Record<string, unknown> {
  const { "x-common-parameters": common, paths, ...rest } = parts.parse(source);
  for (const methods of Object.values(paths)) {
    for (const operation of Object.values(methods)) operation.parameters.push(...common);
  }
  return { "x-generated": "by `npm run generate`; do not edit", ...rest, paths };
}

/** One document from the split files. Works offline. */
export async function bundleContract(): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), "nff-bundle-"));
  const target = join(directory, "bundle.json");
  try {
    const { code, output } = await runRedocly(["bundle", CONTRACT_ROOT, "--output", target]);
    if (code !== 0) throw new Error(`The contract can't be bundled:\n${output}`);
    return withCommonParameters(JSON.parse(await readFile(target, "utf8")));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
