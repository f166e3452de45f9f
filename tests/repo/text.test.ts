import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, isGenerated, read } from "./lib/files.ts";

const texts = files.filter(
  (path) => !isGenerated(path) && !/\.(png|jpg|jpeg|pdf|ico|woff2?)$/.test(path),
);
const documents = files.filter((path) => path.endsWith(".md"));

/** Public development constants of every Supabase CLI stack; they open nothing but a local stack. */
const PUBLIC_KEYS = [
  "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
  "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
];

test("no file holds a secret key but the public development ones", () => {
  const secrets = texts.flatMap((path) =>
    (
      read(path).match(
        /sb_(secret|publishable)_[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
      ) ?? []
    )
      .filter((found) => !PUBLIC_KEYS.includes(found))
      .map((found) => `${path}: ${found.slice(0, 20)}…`),
  );
  expect(secrets).toEqual([]);
});

test("links inside the documents lead to files that exist", () => {
  const known = new Set(files);
  const folders = new Set(
    files.flatMap((path) =>
      path.split("/").map((_, index, parts) => parts.slice(0, index).join("/")),
    ),
  );
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
      .map(([, target = ""]) =>
        posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, ""),
      )
      .filter((target) => !known.has(target) && !folders.has(target))
      .map((target) => `${path} → ${target}`),
  );
  expect(documents.length).toBeGreaterThan(5);
  expect(broken).toEqual([]);
});

test("the npm scripts that documents name exist", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  const unknown = documents.flatMap((path) =>
    [...read(path).matchAll(/npm run ([a-z:-]+)/g)]
      .filter(([, name = ""]) => !(name in scripts))
      .map(([, name]) => `${path}: npm run ${name}`),
  );
  expect(unknown).toEqual([]);
});

test("no work is left as a note in the code", () => {
  // Spelled apart so that this file does not find itself.
  const notes = new RegExp(
    `\\b(${["TO", "DO"].join("")}|${["FIX", "ME"].join("")}|${["X", "XX"].join("")})\\b`,
  );
  expect(
    texts.filter((path) => /\.(tsx?|css|sql|yaml|mjs)$/.test(path) && notes.test(read(path))),
  ).toEqual([]);
});
