import { z } from "zod";

// Only what we read of the provider's messages. New members and new values may come at any time, so
// nothing is closed; what we do not know is handled as unknown further on.

/** ISO 3166-1 alpha-2. */
const country = z.string().regex(/^[A-Z]{2}$/);

/** What the provider has found, in events and in answers alike. */
export const findings = z.object({
  verification_id: z.string().min(1).max(255),
  external_id: z.string(),
  review_owner: z.enum(["provider", "customer"]).nullable(),
  reason_codes: z.array(z.string()),
  rejected_documents: z.array(
    z.object({ type: z.string(), side: z.string(), reason_code: z.string() }),
  ),
  document: z
    .object({
      expiry_date: z.iso.date(),
      country: country.nullish(),
      nationality: country.nullish(),
    })
    .nullable(),
  checks: z.array(z.object({ name: z.string(), result: z.string() })),
  risk_score: z.number().int().min(0).max(100).nullable(),
});

/** See {@link findings}. */
export type Findings = z.output<typeof findings>;

/** A verification as the provider shows it. */
export const verification = z.object({
  id: z.string().min(1).max(255),
  attempt: z.number().int().min(1),
  status: z.string(),
  sequence: z.number().int().min(0),
  updated_at: z.iso.datetime({ offset: true }),
  findings,
});

/** See {@link verification}. */
export type Verification = z.output<typeof verification>;

/** The answer to a search; newest first. */
export const verificationList = z.object({ items: z.array(verification) });

/** An event of any type, also of one that we do not know. */
export const event = z.object({
  id: z.string().min(1).max(255),
  type: z.string().max(255),
  sequence: z.number().int().min(0),
  attempt: z.number().int().min(1),
  occurred_at: z.iso.datetime({ offset: true }),
  data: z.unknown(),
});
