import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Contract, readContract } from "../../../scripts/generate/open-api.ts";

/** The folder of the contract. */
export const openapi = fileURLToPath(new URL("../../../openapi/", import.meta.url));

/** The committed bundle. */
export const bundlePath = `${openapi}bundle.generated.json`;

const text = readFileSync(bundlePath, "utf8");

/** The contract as the generators read it. */
export const contract: Contract = readContract(JSON.parse(text));

export type Json = { [key: string]: unknown };

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A fresh copy of the bundle, to be changed. */
export function copyOfBundle(): Json {
  const copy: unknown = JSON.parse(text);
  if (!isObject(copy)) throw new Error("The bundle is no object.");
  return copy;
}

/** The object at a path of keys. @throws Error where there is none */
export function at(document: Json, ...keys: string[]): Json {
  let value: unknown = document;
  for (const key of keys) value = isObject(value) ? value[key] : undefined;
  if (!isObject(value)) throw new Error(`The bundle has no object at ${keys.join(" → ")}.`);
  return value;
}

/** Writes a document to a file of its own, gone after the test. */
export function fileOf(document: Json): string {
  const folder = mkdtempSync(join(tmpdir(), "nff-contract-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "openapi.json");
  writeFileSync(path, JSON.stringify(document));
  return path;
}
