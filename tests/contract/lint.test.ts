import { expect, test } from "vitest";
import { runRedocly } from "../../scripts/contract/redocly.ts";
import { at, copyOfBundle, fileOf, type Json } from "./lib/bundle.ts";

// The bundle keeps what only the router answers with, and no operation refers to that.
const lint = (path: string) => runRedocly(["lint", path, "--skip-rule", "no-unused-components"]);

function planted(change: (document: Json) => void): string {
  const document = copyOfBundle();
  change(document);
  return fileOf(document);
}

test("the contract passes the linter", async () => {
  const { code, output } = await runRedocly(["lint", "openapi/openapi.yaml"]);
  expect(output).toContain("valid");
  expect(code).toBe(0);
});

// The control of the planted faults below: they alone must make the difference.
test("so does its bundle", async () => {
  expect((await lint(fileOf(copyOfBundle()))).code).toBe(0);
});

test("the linter refuses an error that is not a problem document", async () => {
  const path = planted((document) => {
    const content = at(document, "components", "responses", "NotFound", "content");
    content["application/json"] = content["application/problem+json"];
    delete content["application/problem+json"];
  });
  const { code, output } = await lint(path);
  expect(code).toBe(1);
  expect(output).toContain("errors must be application/problem+json");
});

test.each(["exclusiveMinimum", "exclusiveMaximum"])(
  "the linter refuses a boolean %s",
  async (key) => {
    const path = planted((document) => {
      at(document, "components", "schemas", "Version")[key] = true;
    });
    const { code, output } = await lint(path);
    expect(code).toBe(1);
    expect(output).toContain(`boolean ${key} crashes ajv`);
  },
);

test("the linter refuses an example that its own schema refuses", async () => {
  const path = planted((document) => {
    at(document, "components", "schemas", "Sha256").example = "not a hash";
  });
  expect((await lint(path)).code).toBe(1);
});
