import { Narrator } from "../demo/narrator.ts";
import { onboard, type Person, waitForStatus } from "../demo/onboarding.ts";
import { type DemoSettings, readSettings } from "../demo/settings.ts";

/** Who is seen in the pictures. All are invented. */
const PEOPLE: readonly (Person & { readonly ends: string })[] = [
  { first_name: "Clara", last_name: "Moreau", tag: "kyc-review", ends: "in_review" },
  { first_name: "Anna", last_name: "Schmidt", tag: "kyc-approve", ends: "approved" },
  { first_name: "Jonas", last_name: "Weber", tag: "kyc-review", ends: "in_review" },
  { first_name: "Bruno", last_name: "Keller", tag: "kyc-reject", ends: "rejected" },
  { first_name: "Mia", last_name: "Rossi", tag: "kyc-review", ends: "in_review" },
  { first_name: "Noah", last_name: "Berg", tag: "kyc-approve", ends: "approved" },
];

/** Takes everybody through, so that there is something to see. */
export async function setScene(env: Readonly<Record<string, string>>): Promise<DemoSettings> {
  const settings = readSettings(env);
  const silent = new Narrator(() => {});
  for (const person of PEOPLE) {
    const onboarding = await onboard(settings, silent, person);
    await waitForStatus(onboarding, [person.ends]);
    await onboarding.account.client.removeAllChannels();
  }
  return settings;
}
