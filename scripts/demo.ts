import { Narrator } from "./demo/narrator.ts";
import { onboard, type Person, tellEnd, waitForStatus } from "./demo/onboarding.ts";
import { approveAsReviewer } from "./demo/review.ts";
import { type DemoSettings, readSettings } from "./demo/settings.ts";

/** One onboarding of the demo and how it has to end. */
interface Story extends Person {
  readonly title: string;
  readonly reviewed: boolean;
  readonly ends: "approved" | "declined";
}

const STORIES: readonly Story[] = [
  {
    title: "Anna is approved by the provider",
    first_name: "Anna",
    last_name: "Schmidt",
    tag: "kyc-approve",
    reviewed: false,
    ends: "approved",
  },
  {
    title: "Bruno is rejected for good",
    first_name: "Bruno",
    last_name: "Keller",
    tag: "kyc-reject",
    reviewed: false,
    ends: "declined",
  },
  {
    title: "Clara is looked at by a reviewer and approved",
    first_name: "Clara",
    last_name: "Moreau",
    tag: "kyc-review",
    reviewed: true,
    ends: "approved",
  },
];

/** What has to answer before anything begins, and what to say when it does not. */
async function requireServers({ supabaseUrl, mockKycUrl }: DemoSettings): Promise<void> {
  for (const [url, what] of [
    [`${supabaseUrl}/functions/v1/meta/health`, "Supabase with the functions of this project"],
    [`${mockKycUrl}/health`, "the mock KYC server"],
  ] as const) {
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) {
      throw new Error(
        `${url} ${response ? `answers ${response.status}` : "does not answer"}: it should be ${what}. ` +
          "Start everything with `npm start`, or set SUPABASE_URL and MOCK_KYC_URL.",
      );
    }
  }
}

async function play(settings: DemoSettings, story: Story, narrator: Narrator): Promise<boolean> {
  narrator.title(story.title);
  const onboarding = await onboard(settings, narrator, story);
  const verdicts = story.reviewed ? ["in_review"] : ["approved", "rejected"];
  await narrator.step(
    "the provider's answer arrives",
    () => waitForStatus(onboarding, verdicts),
    (status) => (onboarding.feed ? `${status}, told without a question` : status),
  );
  if (story.reviewed) {
    await approveAsReviewer(settings, narrator, onboarding.verificationId);
    await narrator.step("the reviewer's decision arrives", () =>
      waitForStatus(onboarding, ["approved"]),
    );
  }
  const end = await tellEnd(onboarding, narrator);
  const asExpected = end === story.ends;
  narrator.note(asExpected ? `→ ${end}` : `→ ${end}, but ${story.ends} was expected`);
  return asExpected;
}

try {
  const settings = readSettings(process.env);
  const narrator = new Narrator(console.log);
  const started = performance.now();
  console.log(`Playing three onboardings against ${settings.supabaseUrl}`);
  await requireServers(settings);
  let failed = 0;
  for (const story of STORIES) if (!(await play(settings, story, narrator))) failed += 1;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    failed === 0
      ? `\nAll three ended as expected, in ${seconds} s.`
      : `\n${failed} of three did not end as expected.`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`\nThe demo stopped. ${error instanceof Error ? error.message : String(error)}`);
  // A channel that the stopped story had opened would keep the process.
  process.exit(1);
}
