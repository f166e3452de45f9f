import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { billPdf, type DemoFile, passportPhoto } from "../demo/files.ts";
import { Rest } from "../demo/rest.ts";
import { waitFor } from "../demo/wait.ts";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";
import { percentile } from "./load.ts";
import { createPeople, type Person } from "./people.ts";
import type { Figure } from "./report.ts";

const ALONE = 30;
const TOGETHER = 300;
const WIDTH = 16;
const TIMEOUT_MS = 60_000;
const CONSENT_VERSION = "2026-11-01";

const Verification = z.object({ verification_id: z.uuid() });
const Upload = z.object({
  document: z.object({ document_id: z.uuid() }),
  upload: z.object({ bucket: z.string(), path: z.string(), token: z.string() }),
});
const Status = z.object({
  requirements: z.array(z.object({ kind: z.string(), field: z.string().nullable() })),
});
const Anything = z.unknown();

/** A draft that lacks nothing but its submission. */
interface Draft {
  readonly rest: Rest;
  readonly verificationId: string;
}

async function upload(
  { stack }: BenchContext,
  { rest, verificationId }: Draft,
  type: string,
  file: DemoFile,
): Promise<void> {
  const path = `/kyc/verifications/${verificationId}/documents`;
  const body = {
    type,
    side: "front",
    content_type: file.contentType,
    size_bytes: file.bytes.length,
    sha256: file.sha256,
  };
  const { value } = await rest.post(path, Upload, { body });
  const { error } = await createClient(stack.apiUrl, stack.publishableKey)
    .storage.from(value.upload.bucket)
    .uploadToSignedUrl(value.upload.path, value.upload.token, file.bytes, {
      contentType: file.contentType,
    });
  if (error) throw error;
  await rest.post(`${path}/${value.document.document_id}/complete`, Anything);
}

async function prepare(context: BenchContext, person: Person): Promise<Draft> {
  const { stack } = context;
  const rest = new Rest(stack.apiUrl, stack.publishableKey, person.token);
  const { value } = await rest.post("/kyc/verifications", Verification);
  const draft = { rest, verificationId: value.verification_id };
  const status = await rest.get("/kyc/status", Status);
  for (const { kind, field } of status.value.requirements) {
    if (kind !== "consent") continue;
    await rest.post("/users/me/consents", Anything, {
      body: { document: field, version: CONSENT_VERSION },
    });
  }
  await upload(context, draft, "passport", await passportPhoto(person.userId));
  await upload(context, draft, "proof_of_address", billPdf(person.userId));
  return draft;
}

/** When the database approved it, in milliseconds of the epoch, or null as long as it has not. */
async function approvedAt({ sql }: BenchContext, ids: readonly string[]): Promise<number[]> {
  const rows = await sql<{ at: number }[]>`
    select (extract(epoch from status_changed_at) * 1000)::float8 as at
    from public.kyc_verifications where verification_id = any(${[...ids]}) and status = 'approved'`;
  return rows.map(({ at }) => at);
}

/** Submits and waits for the approvals; the time until each, in milliseconds. */
async function submitAll(
  context: BenchContext,
  drafts: readonly Draft[],
  width: number,
): Promise<{ spanMs: number; approved: number }> {
  const ids = drafts.map(({ verificationId }) => verificationId);
  const started = Date.now();
  await inParallel(width, drafts, ({ rest, verificationId }) =>
    rest.post(`/kyc/verifications/${verificationId}/submit`, Anything),
  );
  const times = await waitFor(`${drafts.length} approvals`, TIMEOUT_MS, async () => {
    const found = await approvedAt(context, ids);
    return found.length === drafts.length ? found : null;
  });
  return { spanMs: Math.max(...times) - started, approved: times.length };
}

/** From a submission to the provider's approval: one at a time, and many at once. */
export async function onboarding(context: BenchContext): Promise<Figure[]> {
  context.log(`preparing ${ALONE + TOGETHER} people with documents …`);
  const people = await createPeople(context, ALONE + TOGETHER);
  const drafts = await inParallel(4, people, (person) => prepare(context, person));

  const alone: number[] = [];
  for (const draft of drafts.slice(0, ALONE)) {
    alone.push((await submitAll(context, [draft], 1)).spanMs);
  }
  alone.sort((a, b) => a - b);

  const together = await submitAll(context, drafts.slice(ALONE), WIDTH);
  return [
    {
      name: "one at a time, median",
      value: percentile(alone, 0.5),
      unit: "ms",
      goal: { atMost: 150 },
    },
    { name: "one at a time, p95", value: percentile(alone, 0.95), unit: "ms" },
    {
      name: `${TOGETHER} at once, ${WIDTH} clients`,
      value: together.approved / (together.spanMs / 1000),
      unit: "/s",
      goal: { atLeast: 40 },
    },
    { name: "lost", value: TOGETHER - together.approved, unit: "", goal: { atMost: 0 } },
  ];
}
