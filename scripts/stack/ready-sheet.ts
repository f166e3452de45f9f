import type { Stack } from "./create-stack.ts";

/** What a person needs to use the stack, as `npm start` prints it. */
export async function readySheet(stack: Stack, seconds: string): Promise<string> {
  const rows: readonly (readonly [string, string])[] = [
    ["API", stack.apiUrl],
    ["Docs", `${stack.apiUrl}/docs/`],
    ["Mail", stack.mailUrl],
    ["Mock KYC", stack.mockKycUrl],
    ["Database", stack.dbUrl],
    ["Publishable key", stack.publishableKey],
    ["Secret key", stack.secretKey],
    ["Functions", stack.functions.map((name) => `/functions/v1/${name}`).join("  ")],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const sheet = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [
    "",
    `Ready after ${seconds} s.`,
    "",
    ...sheet,
    "",
    "Ctrl-C stops it; the data stays.",
    "",
  ].join("\n");
}
