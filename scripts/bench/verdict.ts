import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { openStatusFeed } from "../demo/status-feed.ts";
import type { BenchContext } from "./context.ts";
import { createDrafts, type Draft } from "./drafts.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const VERDICTS = 40;
const TIMEOUT_MS = 30_000;
const Anything = z.unknown();

/** From the provider's decision to the message on the person's channel, in milliseconds. */
async function hear({ stack, sql }: BenchContext, draft: Draft): Promise<number> {
  const { userId, verificationId, rest, token } = draft;
  const client = createClient(stack.apiUrl, stack.publishableKey, {
    accessToken: async () => token,
  });
  await client.realtime.setAuth(token);
  const feed = await openStatusFeed(client, userId);
  if (!feed) throw new Error("The channel of the person could not be joined.");
  await rest.post(`/kyc/verifications/${verificationId}/submit`, Anything);
  await feed.waitFor(verificationId, ["in_review"], TIMEOUT_MS);
  const [attempt] = await sql<{ provider_reference: string }[]>`
    select provider_reference from private.kyc_attempts where verification_id = ${verificationId}`;
  const started = performance.now();
  const answer = await fetch(
    `${stack.mockKycUrl}/__mock/verifications/${attempt?.provider_reference}/decide`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-mock-admin": stack.env.MOCK_KYC_ADMIN_KEY ?? "",
      },
      body: JSON.stringify({ outcome: "approved" }),
    },
  );
  if (!answer.ok) throw new Error(`The mock provider answers ${answer.status}.`);
  await feed.waitFor(verificationId, ["approved"], TIMEOUT_MS);
  const milliseconds = performance.now() - started;
  await feed.close();
  return milliseconds;
}

/** How long a verdict takes from the provider to the screen of the person. */
export async function verdict(context: BenchContext): Promise<Figure[]> {
  const times: number[] = [];
  for (const draft of await createDrafts(context, VERDICTS, "kyc-review")) {
    times.push(await hear(context, draft));
  }
  times.sort((a, b) => a - b);
  return [
    { name: "verdict to the person's channel, median", value: percentile(times, 0.5), unit: "ms" },
    { name: "  p95", value: percentile(times, 0.95), unit: "ms", goal: { atMost: 250 } },
  ];
}
