import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { openapi } from "./lib/bundle.ts";

const ROOT = "openapi.yaml";
const FOLDERS = ["paths", "schemas", "parameters", "headers", "responses", "security"];

const files = FOLDERS.flatMap((folder) =>
  readdirSync(`${openapi}${folder}`).map((name) => `${folder}/${name}`),
);
const read = (file: string) => readFileSync(`${openapi}${file}`, "utf8");

/** The files that a file refers to, as paths from the top of the contract. */
function referencesOf(file: string): string[] {
  return [...read(file).matchAll(/\$ref: ["']?([\w./-]+\.yaml)/g)].map(([, target = ""]) =>
    posix.normalize(posix.join(posix.dirname(file), target)),
  );
}

const referenced = new Set([ROOT, ...files].flatMap(referencesOf));

test("every file of the contract is referred to, and every reference finds its file", () => {
  expect(files.length).toBeGreaterThan(150);
  expect(files.filter((file) => !referenced.has(file))).toEqual([]);
  expect([...referenced].filter((file) => !files.includes(file))).toEqual([]);
});

test("every operation stands in a file of its name", () => {
  const paths = files.filter((file) => file.startsWith("paths/"));
  for (const file of paths) {
    expect(read(file), file).toContain(`operationId: ${posix.basename(file, ".yaml")}\n`);
  }
});

test("only the root refers to operations, each once", () => {
  const fromRoot = referencesOf(ROOT).filter((file) => file.startsWith("paths/"));
  expect(new Set(fromRoot).size).toBe(fromRoot.length);
  expect(files.flatMap(referencesOf).filter((file) => file.startsWith("paths/"))).toEqual([]);
});

test("the root holds references only: no operation, schema or parameter is written there", () => {
  expect(read(ROOT)).not.toMatch(/operationId:|properties:|schema:/);
});

test("a file of the contract has at most 150 lines", () => {
  const long = files.filter((file) => read(file).trimEnd().split("\n").length > 150);
  expect(long).toEqual([]);
});
