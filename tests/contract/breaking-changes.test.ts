import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { compareContracts } from "../../scripts/contract/compare.ts";
import { at, bundlePath, copyOfBundle, fileOf, type Json, openapi } from "./lib/bundle.ts";

type Plant = readonly [what: string, change: (document: Json) => void];

function compareWith(change: (document: Json) => void) {
  const document = copyOfBundle();
  change(document);
  return compareContracts(bundlePath, fileOf(document));
}

const operation = (document: Json, path: string, method: string) =>
  at(document, "paths", path, method);
const schema = (document: Json, name: string) => at(document, "components", "schemas", name);

const BREAKING: readonly Plant[] = [
  ["a path is gone", (document) => delete at(document, "paths")["/users/me/address"]],
  ["an operation is gone", (document) => delete at(document, "paths", "/users/me").patch],
  [
    "a response is gone",
    (document) => delete at(operation(document, "/users/me", "get"), "responses")["200"],
  ],
  [
    "a member of an answer is gone",
    (document) => delete at(schema(document, "Me"), "properties").roles,
  ],
  [
    "a member of a request is required now",
    (document) => {
      schema(document, "WorkerRunInput").required = ["budget_ms"];
    },
  ],
  [
    "a value of a request's enumeration is gone",
    (document) => {
      schema(document, "ConsentDocument").enum = ["terms", "privacy"];
    },
  ],
  [
    "a pattern is stricter",
    (document) => {
      schema(document, "PersonName").pattern = "^[a-z]+$";
    },
  ],
];

test.each(BREAKING)("refused: %s", async (_what, change) => {
  expect((await compareWith(change)).isBreaking).toBe(true);
});

// redocly rates most of these a patch, so our own check has to name them.
const REFUSING: readonly (readonly [...Plant, words: string])[] = [
  [
    "an operation is public now",
    (document) => {
      operation(document, "/users/me", "get").security = [];
    },
    "GET /users/me needs no authentication any more",
  ],
  [
    "a public operation wants a token now",
    (document) => {
      operation(document, "/meta/health", "get").security = [{ userToken: [] }];
    },
    "GET /meta/health was public and needs userToken now",
  ],
  [
    "a role is refused now",
    (document) => {
      operation(document, "/admin/kyc", "get")["x-roles"] = ["reviewer"];
    },
    "GET /admin/kyc refuses the role auditor now",
  ],
  [
    "machine keys are refused now",
    (document) => {
      operation(document, "/users/get", "post").security = [{ userToken: [] }];
    },
    "POST /users/get refuses machineKey now",
  ],
  [
    "a scope is refused now",
    (document) => {
      operation(document, "/users/get", "post")["x-scopes"] = [];
    },
    "POST /users/get refuses the scope users:read now",
  ],
];

test.each(REFUSING)("refused: %s", async (_what, change, words) => {
  const { isBreaking, report } = await compareWith(change);
  expect(report).toContain(words);
  expect(isBreaking).toBe(true);
});

const ADDITIVE: readonly Plant[] = [
  ["nothing", () => {}],
  [
    "a member of an answer is new",
    (document) => {
      at(schema(document, "Me"), "properties").locale = { type: "string" };
    },
  ],
  [
    "an optional member of a request is new",
    (document) => {
      at(schema(document, "MePatch"), "properties").locale = { type: "string" };
    },
  ],
  [
    "an error code is new",
    (document) => {
      schema(document, "ErrorCode").enum = ["brand_new", ...contractCodes(document)];
    },
  ],
  [
    "another role is let in",
    (document) => {
      operation(document, "/users/get", "post")["x-roles"] = ["admin", "support"];
    },
  ],
];

function contractCodes(document: Json): unknown[] {
  const codes = schema(document, "ErrorCode").enum;
  return Array.isArray(codes) ? codes : [];
}

test.each(ADDITIVE)("let through: %s", async (_what, change) => {
  const { isBreaking, report } = await compareWith(change);
  expect(report).toContain("Diff passed");
  expect(isBreaking).toBe(false);
});

test("the contract breaks nothing of the one released last", async () => {
  const newest = readdirSync(`${openapi}released`).sort().at(-1);
  const { isBreaking, report } = await compareContracts(`${openapi}released/${newest}`, bundlePath);
  expect(isBreaking, report).toBe(false);
});
