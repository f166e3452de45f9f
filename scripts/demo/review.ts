import { z } from "zod";
import { signIn } from "./account.ts";
import type { Narrator } from "./narrator.ts";
import type { DemoSettings } from "./settings.ts";

const Queue = z.object({ items: z.array(z.object({ verification_id: z.string() })) });
const Case = z.object({
  verification: z.object({
    internal_reason_code: z.string().nullable(),
    risk_level: z.string().nullable(),
  }),
});
const Result = z.object({ result: z.string(), status: z.string() });

/** A reviewer finds the case in the queue, reads it and approves. */
export async function approveAsReviewer(
  settings: DemoSettings,
  story: Narrator,
  verificationId: string,
): Promise<void> {
  const { rest } = await story.step(
    "a reviewer signs in",
    () => signIn(settings, settings.reviewer),
    () => settings.reviewer.email,
  );
  await story.step("finds the case in the queue", async () => {
    const path = "/admin/kyc?status=in_review&sort=-waiting_since&limit=100";
    const { value } = await rest.get(path, Queue);
    if (!value.items.some((item) => item.verification_id === verificationId)) {
      throw new Error("The case does not stand in the review queue.");
    }
  });
  const { etag } = await story.step(
    "reads it",
    () => rest.get(`/admin/kyc/${verificationId}`, Case),
    ({ value: { verification } }) =>
      `${verification.internal_reason_code}, risk ${verification.risk_level}`,
  );
  await story.step(
    "approves it",
    () =>
      rest.post(`/admin/kyc/${verificationId}/decision`, Result, {
        ifMatch: etag,
        body: { decision: "approve", reason_code: "manual_check", note: "Checked by eye." },
      }),
    ({ value }) => `${value.result}, ${value.status}`,
  );
}
