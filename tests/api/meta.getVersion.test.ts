import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CONTRACT_VERSION } from "../../supabase/functions/_shared/generated/operations.ts";
import { call } from "../helpers/api.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

describeCommonAnswers("meta.getVersion", { request: () => ({}) });

test("200 with the version of the software and of the contract", async () => {
  const manifest = new URL("../../package.json", import.meta.url);
  const { name, version } = JSON.parse(readFileSync(manifest, "utf8"));
  const { status, body } = await call("meta.getVersion", {
    headers: { "api-version": CONTRACT_VERSION },
  });
  expect(status).toBe(200);
  expect(body).toEqual({
    name,
    version,
    api_version: CONTRACT_VERSION,
    api_versions: [CONTRACT_VERSION],
  });
});
