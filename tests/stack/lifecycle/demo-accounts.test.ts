import { expect, test } from "vitest";
import { DEMO_PASSWORD, demoAccounts } from "../../../scripts/stack/demo-accounts.ts";
import { stackEnv } from "../../helpers/stack-env.ts";

const env = stackEnv();

test("the accounts that the start prints are one user and one of each staff role", async () => {
  const roles = (await demoAccounts(env.dbUrl)).map((account) => account.roles.join());
  expect(roles.sort()).toEqual(
    ["", "admin", "approver", "auditor", "compliance_admin", "reviewer", "support"].sort(),
  );
});

test("they sign in with the password that the start prints", async () => {
  for (const { email } of await demoAccounts(env.dbUrl)) {
    const response = await fetch(`${env.supabaseUrl}/auth/v1/token?grant_type=password`, {
      method: "POST",
      headers: { apikey: env.publishableKey, "content-type": "application/json" },
      body: JSON.stringify({ email, password: DEMO_PASSWORD }),
    });
    expect(response.status, email).toBe(200);
    await response.body?.cancel();
  }
});
