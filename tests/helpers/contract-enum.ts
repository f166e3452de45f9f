import { readFileSync } from "node:fs";

/** The values of an enumeration of the contract, in their order. */
export function contractEnum(schema: string): string[] {
  const file = new URL(`../../openapi/schemas/${schema}.yaml`, import.meta.url);
  const [, list = ""] = /^enum:\n((?: {2}- .*\n)+)/m.exec(readFileSync(file, "utf8")) ?? [];
  return list.split("\n").flatMap((line) => /^ {2}- (.*)$/.exec(line)?.[1] ?? []);
}
