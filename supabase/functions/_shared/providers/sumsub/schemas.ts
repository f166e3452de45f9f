import { z } from "zod";

// Only what we read of the vendor's messages, by its public documentation. New members and new
// values may come at any time, so nothing is closed.

const reviewResult = z.object({
  reviewAnswer: z.string().optional(),
  reviewRejectType: z.string().optional(),
  rejectLabels: z.array(z.string()).nullish(),
});

/** See {@link applicant}; the same in webhooks. */
export type ReviewResult = z.output<typeof reviewResult>;

/** The id of an applicant goes into paths, so it must not be able to leave its place there. */
const applicantId = z.string().regex(/^[A-Za-z0-9]{1,64}$/);

/** `2026-11-20 09:21:07.123`, `2026-11-20 09:21:07+0000` or `2026-11-20 09:21:07`, all in UTC; milliseconds. */
const moment = z.string().transform((text, context) => {
  const at = Date.parse(`${text.replace(" ", "T").replace(/\+0000$|Z$/, "")}Z`);
  if (!Number.isNaN(at)) return at;
  context.addIssue("must be a time in UTC");
  return z.NEVER;
});

/** The answer to a new applicant. */
export const created = z.object({ id: applicantId });

/** An applicant as the vendor shows it. */
export const applicant = z.object({
  id: applicantId,
  externalUserId: z.string(),
  info: z
    .object({
      firstName: z.string().max(200).nullish(),
      lastName: z.string().max(200).nullish(),
      dob: z.string().nullish(),
      nationality: z.string().nullish(),
      idDocs: z
        .array(
          z.object({
            validUntil: z.string().optional(),
            country: z.string().nullish(),
            number: z.string().max(64).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  review: z.object({
    reviewStatus: z.string(),
    createDate: moment.optional(),
    reviewDate: moment.optional(),
    reviewResult: reviewResult.nullish(),
  }),
});

/** See {@link applicant}. */
export type Applicant = z.output<typeof applicant>;

/** The files that an applicant has already. */
export const images = z.object({
  items: z.array(
    z.object({ fileMetadata: z.object({ fileName: z.string().nullish() }).nullish() }),
  ),
});

/** A webhook of any type. */
export const webhook = z.object({
  applicantId,
  externalUserId: z.string().optional(),
  type: z.string().regex(/^[A-Za-z]{1,64}$/),
  reviewResult: reviewResult.nullish(),
  sandboxMode: z.boolean().optional(),
  createdAtMs: moment.optional(),
  createdAt: moment.optional(),
});

/** See {@link webhook}. */
export type Webhook = z.output<typeof webhook>;
