import { readFile } from "node:fs/promises";
import { readContract } from "../generate/open-api.ts";
import { runRedocly } from "./redocly.ts";
import { findSecurityChanges } from "./security-changes.ts";

/** What two contracts differ in that would break a client. */
export interface Comparison {
  readonly isBreaking: boolean;
  /** For people: redocly's table and the changes of authentication. */
  readonly report: string;
}

async function load(path: string) {
  return readContract(JSON.parse(await readFile(path, "utf8")));
}

/** Compares two bundles by their paths. */
export async function compareContracts(released: string, current: string): Promise<Comparison> {
  const diff = await runRedocly(["diff", released, current, "--fail-on", "major"]);
  const security = findSecurityChanges(await load(released), await load(current));
  return {
    isBreaking: diff.code !== 0 || security.length > 0,
    report: [diff.output.trim(), ...security].join("\n"),
  };
}
