import postgres from "postgres";
import { Narrator } from "../demo/narrator.ts";
import { onboard, type Person, waitForStatus } from "../demo/onboarding.ts";
import { readSettings } from "../demo/settings.ts";
import type { Stack } from "../stack/create-stack.ts";

/** Who is seen in the pictures. All are invented. */
const PEOPLE: readonly (Person & { readonly ends: string })[] = [
  { first_name: "Clara", last_name: "Moreau", tag: "kyc-review", ends: "in_review" },
  { first_name: "Anna", last_name: "Schmidt", tag: "kyc-approve", ends: "approved" },
  { first_name: "Jonas", last_name: "Weber", tag: "kyc-review", ends: "in_review" },
  { first_name: "Bruno", last_name: "Keller", tag: "kyc-reject", ends: "rejected" },
  { first_name: "Mia", last_name: "Rossi", tag: "kyc-review", ends: "in_review" },
  { first_name: "Noah", last_name: "Berg", tag: "kyc-approve", ends: "approved" },
];

/** Adds up the figures now and not in a minute. */
async function sumFigures(dbUrl: string): Promise<void> {
  const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select private.job_sum_figures(10000)`;
  } finally {
    await sql.end();
  }
}

/** Takes everybody through, so that there is something to see. */
export async function setScene({ env, dbUrl }: Pick<Stack, "env" | "dbUrl">): Promise<void> {
  const settings = readSettings(env);
  const silent = new Narrator(() => {});
  for (const person of PEOPLE) {
    const onboarding = await onboard(settings, silent, person);
    await waitForStatus(onboarding, [person.ends]);
    await onboarding.account.client.removeAllChannels();
  }
  await sumFigures(dbUrl);
}
