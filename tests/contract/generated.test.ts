import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateContract } from "../../scripts/generate/contract.ts";
import { generateErrorCodes } from "../../scripts/generate/error-codes.ts";
import { findStale } from "../../scripts/generate/output.ts";
import { ERRORS } from "../../supabase/functions/_shared/errors.ts";
import { CONTRACT_VERSION } from "../../supabase/functions/_shared/generated/operations.ts";
import { at, contract, copyOfBundle } from "./lib/bundle.ts";

const generated = async () => [...generateErrorCodes(), ...(await generateContract())];

test("what is committed is what the generators make", async () => {
  const files = await generated();
  expect(files.length).toBeGreaterThan(15);
  expect(await findStale(files), "run `npm run generate`").toEqual([]);
});

test("a file that was changed by hand or is missing is found", async () => {
  const [first] = await generated();
  const changed = { path: first?.path ?? "", content: `${first?.content}\n` };
  const missing = { path: "docs/nobody-wrote-this.md", content: "" };
  expect(await findStale([changed, missing])).toEqual([changed.path, missing.path]);
});

test("the same contract gives the same bytes", async () => {
  expect(await generateContract()).toEqual(await generateContract());
});

test("the codes of the contract are the codes of the server", () => {
  const { enum: codes } = at(copyOfBundle(), "components", "schemas", "ErrorCode");
  expect(codes).toEqual(Object.keys(ERRORS));
});

test("the version that the server announces is the contract's", () => {
  expect(CONTRACT_VERSION).toBe(contract.version);
  expect(contract.version).toMatch(/^\d{4}-\d{2}-\d{2}$/);
});

test.each(["admin", "kyc", "kyc-webhook", "meta", "users", "worker"])(
  "the validators of %s evaluate nothing and import nothing",
  (folder) => {
    const path = `../../supabase/functions/_shared/generated/validators/${folder}.js`;
    const source = readFileSync(new URL(path, import.meta.url), "utf8");
    // ajv's helpers carry their own import as a text, for compilers; nothing reads it here.
    const code = source.replace(/\.code='require\("[a-z0-9/]+"\)\.default'/g, "");
    const loads = /\beval\(|\bnew Function\b|\brequire\(["']|\bimport[ ({"']/.exec(code);
    expect(loads?.[0]).toBeUndefined();
  },
);
