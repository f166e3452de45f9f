import { describe, expect, test } from "vitest";
import { extractCredentials } from "../../../supabase/functions/_shared/auth/extract-credentials.ts";
import { createSecretKeyVerifier } from "../../../supabase/functions/_shared/auth/verify-secret-key.ts";

describe("the Authorization header", () => {
  const bearerOf = (authorization?: string) =>
    extractCredentials(new Headers(authorization === undefined ? {} : { authorization })).bearer;

  test("absent and malformed are different", () => {
    expect(bearerOf()).toEqual({ kind: "absent" });
    for (const header of [
      "",
      "Bearer",
      "Bearer ",
      "Basic dTpw",
      "eyJhbGciOiJFUzI1NiJ9.e30.x",
      "Bearer a b",
    ]) {
      expect([header, bearerOf(header)]).toEqual([header, { kind: "malformed" }]);
    }
  });

  test.each([
    [
      "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
      { kind: "token", value: "eyJhbGciOiJFUzI1NiJ9.e30.c2ln" },
    ],
    ["bearer  abc", { kind: "token", value: "abc" }],
    ["Bearer sb_publishable_x", { kind: "publishable_key", value: "sb_publishable_x" }],
    ["Bearer nffk_live_x", { kind: "machine_key", value: "nffk_live_x" }],
    ["Bearer sb_secret_x", { kind: "token", value: "sb_secret_x" }],
  ])("%s", (header, expected) => {
    expect(bearerOf(header)).toEqual(expected);
  });
});

describe("secret keys", () => {
  const verify = createSecretKeyVerifier({ default: "sb_secret_a", worker: "sb_secret_b" });

  test("each key is known by its name", async () => {
    expect(await verify("sb_secret_a")).toBe("default");
    expect(await verify("sb_secret_b")).toBe("worker");
  });

  test.each(["", "sb_secret_", "sb_secret_A", "sb_secret_a ", "sb_secret_ab", "default"])(
    "%j is not ours",
    async (candidate) => {
      expect(await verify(candidate)).toBeNull();
    },
  );
});
