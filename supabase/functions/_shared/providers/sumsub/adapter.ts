import { z } from "zod";
import { unauthorized } from "../../auth/challenge.ts";
import type { SumsubEnvironment } from "../../env.ts";
import { ApiError } from "../../errors.ts";
import {
  type KycProvider,
  ProviderError,
  type Submission,
  type SubmittedDocument,
} from "../kyc-provider.ts";
import { type CallSumsub, createSumsubClient, download } from "./client.ts";
import { writeMultipart } from "./multipart.ts";
import { applicant, created, images, webhook } from "./schemas.ts";
import { findDigestFault } from "./signature.ts";
import { externalId, fromApplicant, fromWebhook, toApplicant, toDocument } from "./translate.ts";

/** What became of a call whose answer does not matter. */
const anything = z.unknown();
/** An access token of the vendor's sandbox says so. */
const SANDBOX_TOKEN = "sbx:";

/**
 * The adapter of Sumsub, written against its public documentation (docs.sumsub.com/reference).
 *
 * @param now milliseconds since the epoch; tests bring their own
 */
export function createSumsubProvider(
  env: SumsubEnvironment,
  now: () => number = Date.now,
): KycProvider {
  const call = createSumsubClient(env, now);
  const isSandbox = env.appToken.startsWith(SANDBOX_TOKEN);
  const at = (reference: string) => `/resources/applicants/${encodeURIComponent(reference)}`;

  return {
    name: env.name,

    async submit(submission) {
      const reference = await createApplicant(call, env.levelName, submission);
      await addDocuments(call, at(reference), submission);
      await requestCheck(call, at(reference));
      return reference;
    },

    /** Found is what was handed over completely; the rest of a submission that broke off is sent again. */
    async find(verificationId, attempt) {
      const found = await readApplicant(call, byExternalId(verificationId, attempt));
      return found && found.review.reviewStatus !== "init" ? fromApplicant(found) : null;
    },

    async fetch(reference) {
      const found = await readApplicant(call, at(reference));
      return found && fromApplicant(found);
    },

    async cancel(reference) {
      // An applicant who is being checked cannot be withdrawn; what comes of it then changes nothing.
      await withdraw(call, at(reference)).catch(unlessStatus(400, 404, 409));
    },

    async redact(reference) {
      await withdraw(call, at(reference)).catch(unlessStatus(404));
    },

    async readWebhook(message) {
      const fault = await findDigestFault(message, env.webhookSecrets);
      if (fault !== null) {
        throw unauthorized("invalid_signature", "Signature", { cause: new Error(fault) });
      }
      const parsed = webhook.safeParse(parse(message.body));
      // A verdict about somebody who does not exist must not count for somebody who does.
      if (!parsed.success || (parsed.data.sandboxMode === true && !isSandbox)) {
        throw new ApiError("validation_failed", {
          detail: "The body is no event of this provider.",
        });
      }
      return fromWebhook(parsed.data);
    },
  };
}

const byExternalId = (verificationId: string, attempt: number) =>
  `/resources/applicants/-;externalUserId=${externalId(verificationId, attempt)}`;

async function readApplicant(call: CallSumsub, path: string) {
  const request = { method: "GET", path: `${path}/one` } as const;
  return call(request, applicant).catch(unlessStatus(404));
}

/** The vendor refuses a second applicant of the same name, so this is safe to repeat. */
async function createApplicant(
  call: CallSumsub,
  levelName: string,
  submission: Submission,
): Promise<string> {
  const path = `/resources/applicants?levelName=${encodeURIComponent(levelName)}`;
  const made = await call({ method: "POST", path, json: toApplicant(submission) }, created).catch(
    unlessStatus(409),
  );
  if (made) return made.id;
  const { verificationId, attempt } = submission;
  const known = await readApplicant(call, byExternalId(verificationId, attempt));
  if (known) return known.id;
  throw new ProviderError("unavailable", "The provider knows the applicant and does not show it.");
}

/**
 * Hands the files over, one after the other, because each is held in memory while it is signed. The
 * vendor keeps every upload: what an earlier try has brought is left out, known by its name.
 */
async function addDocuments(
  call: CallSumsub,
  path: string,
  { documents, applicant: { address } }: Submission,
): Promise<void> {
  const { items } = await call({ method: "GET", path: `${path}/metadata/resources` }, images);
  const there = new Set(items.map(({ fileMetadata }) => fileMetadata?.fileName));
  for (const document of documents) {
    const name = fileName(document);
    if (there.has(name)) continue;
    const metadata = JSON.stringify(toDocument(document, address.country));
    const form = writeMultipart(
      { name: "metadata", value: metadata },
      {
        name: "content",
        fileName: name,
        type: document.contentType,
        bytes: await download(document.url),
      },
    );
    await call({ method: "POST", path: `${path}/info/idDoc`, form }, anything);
  }
}

/**
 * Asks for the check. The vendor answers 409 to an applicant whose check was asked for before, which is
 * fine, and to one who lacks something that the level wants; the applicant's status tells which.
 */
async function requestCheck(call: CallSumsub, path: string): Promise<void> {
  try {
    await call({ method: "POST", path: `${path}/status/pending` }, anything);
  } catch (error) {
    unlessStatus(409)(error);
    const known = await readApplicant(call, path);
    if (known?.review.reviewStatus === "init") throw error;
  }
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "application/pdf": "pdf",
};

/** Says what the file is and nothing of the person; the same file has the same name. */
const fileName = ({ type, side, sha256, contentType }: SubmittedDocument) =>
  `${type}-${side}-${sha256.slice(0, 16)}.${EXTENSIONS[contentType] ?? "bin"}`;

/**
 * Takes everything back that the API lets us: the data is made inactive and the profile with it. The
 * vendor deletes for good by its retention settings or on request; see docs/providers.md.
 */
async function withdraw(call: CallSumsub, path: string): Promise<void> {
  await call({ method: "POST", path: `${path}/reset` }, anything);
  await call({ method: "PATCH", path: `${path}/presence/deactivated` }, anything);
}

function unlessStatus(...statuses: readonly number[]) {
  return (error: unknown): null => {
    if (error instanceof ProviderError && statuses.includes(error.status ?? 0)) return null;
    throw error;
  };
}

/**
 * The vendor's own JSON, whose comments may have line breaks: our rules for what people send us do
 * not fit it. It is believed by its signature.
 */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new ApiError("malformed_json", { cause });
  }
}
