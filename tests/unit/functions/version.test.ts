import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VERSION } from "../../../supabase/functions/_shared/version.ts";

test("the functions say the version of package.json", () => {
  const manifest = new URL("../../../package.json", import.meta.url);
  expect(VERSION).toBe(JSON.parse(readFileSync(manifest, "utf8")).version);
});
