import type { Stack } from "./create-stack.ts";
import { DEMO_PASSWORD, demoAccounts } from "./demo-accounts.ts";

type Row = readonly [label: string, value: string];

function table(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`.trimEnd());
}

/** What a person needs to use the stack, as `npm start` prints it. */
export async function readySheet(stack: Stack, seconds: string): Promise<string> {
  // The stack may be asked to stop, or lose its database, right now: that is said elsewhere.
  const accounts = await demoAccounts(stack.dbUrl).catch(() => []);
  const addresses = table([
    ["API", stack.apiUrl],
    ["Docs", `${stack.apiUrl}/docs/`],
    ["Console", `${stack.apiUrl}/console/`],
    ["Mail", stack.mailUrl],
    ["Mock KYC", stack.mockKycUrl],
    ["Database", stack.dbUrl],
    ["Publishable key", stack.publishableKey],
    ["Secret key", stack.secretKey],
    ["Functions", stack.functions.map((name) => `/functions/v1/${name}`).join("  ")],
  ]);
  const people = table(accounts.map(({ email, roles }) => [email, roles.join(", ") || "user"]));
  return [
    "",
    `Ready after ${seconds} s.`,
    "",
    ...addresses,
    "",
    ...(people.length > 0 ? [`Demo accounts, password ${DEMO_PASSWORD}`, "", ...people, ""] : []),
    "Ctrl-C stops it; the data stays. `npm run stack:reset` starts over.",
    "",
  ].join("\n");
}
