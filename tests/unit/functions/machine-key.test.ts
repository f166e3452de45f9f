import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  createMachineKeyVerifier,
  newMachineKey,
} from "../../../supabase/functions/_shared/auth/machine-key.ts";

const unasked = () => Promise.reject(new Error("The database is not asked."));

test("a key is 256 random bits behind a prefix, and its hash is that of all of it", async () => {
  const { key, prefix, sha256 } = await newMachineKey();
  expect(key).toMatch(/^nffk_[A-Za-z0-9]{51}$/);
  expect(prefix).toBe(key.slice(0, 13));
  expect(sha256).toBe(createHash("sha256").update(key).digest("hex"));
  // 43 of 62 characters hold a little more than 256 bits.
  expect(43 * Math.log2(62)).toBeGreaterThan(256);
});

test("every character is about equally likely: none is favoured by the way bytes are used", async () => {
  const keys = await Promise.all(Array.from({ length: 400 }, newMachineKey));
  const counts = new Map<string, number>();
  for (const { key } of keys) {
    for (const letter of key.slice(5)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const expected = (400 * 51) / 62;
  const deviation = [...counts.values()].reduce(
    (sum, n) => sum + (n - expected) ** 2 / expected,
    0,
  );
  expect(counts.size).toBe(62);
  // Chi-squared with 61 degrees of freedom exceeds 130 once in a million times; 256 mod 62 would add 90.
  expect(deviation).toBeLessThan(130);
});

test.each([
  "",
  "nffk_",
  "nffk_short",
  `nffk_${"A".repeat(50)}`,
  `nffk_${"A".repeat(52)}`,
  `nffk_${"A".repeat(50)}!`,
  `NFFK_${"A".repeat(51)}`,
  ` nffk_${"A".repeat(51)}`,
])("%j is no key, and nobody is asked about it", async (key) => {
  await expect(createMachineKeyVerifier(unasked)(key, null)).rejects.toThrow(
    expect.objectContaining({ code: "invalid_api_key" }),
  );
});
