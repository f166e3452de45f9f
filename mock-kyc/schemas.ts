import { z } from "zod";

const text = (max: number) => z.string().min(1).max(max);
const optionalText = (max: number) => z.string().max(max).nullish();
const country = z.string().regex(/^[A-Z]{2}$/, "expected an ISO 3166-1 alpha-2 code");
const httpUrl = z.url({ protocol: /^https?$/ }).max(2000);
const reasonCode = z.string().regex(/^[a-z_]{1,60}$/);

const Address = z.strictObject({
  street_address_1: text(200),
  street_address_2: optionalText(200),
  city: text(100),
  state_region: optionalText(100),
  postal_code: text(20),
  country,
});

const Applicant = z.strictObject({
  first_name: text(100),
  middle_name: optionalText(100),
  last_name: text(100),
  date_of_birth: z.iso.date(),
  email: z.email({ pattern: z.regexes.html5Email }).max(254),
  phone: optionalText(20),
  document_number: optionalText(200),
  address: Address,
});

const DocumentInput = z.strictObject({
  type: z.enum([
    "passport",
    "national_id",
    "driving_licence",
    "residence_permit",
    "proof_of_address",
    "selfie",
  ]),
  side: z.enum(["front", "back"]),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits"),
  file_name: text(255),
  content_type: z.enum(["image/jpeg", "image/png", "application/pdf"]),
  url: z.url().max(2000),
  number: optionalText(200),
  issuing_country: country.nullish(),
});

/** The body of `POST /v1/verifications`. */
export const NewVerification = z.strictObject({
  external_id: text(100),
  attempt: z.int().min(1).max(100),
  applicant: Applicant,
  documents: z.array(DocumentInput).min(1).max(20),
  callback_url: httpUrl.optional(),
});
export type NewVerification = z.infer<typeof NewVerification>;

/** The query of `GET /v1/verifications`. */
export const ListQuery = z.strictObject({
  external_id: text(100),
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, "expected a number from 1 to 100")
    .transform(Number)
    .pipe(z.int().max(100))
    .optional(),
});

/** The body of `POST /__mock/reset`. */
export const Reset = z.strictObject({ seed: text(100).optional() });

/** The body of `PUT /__mock/clock`. */
export const ClockSettings = z
  .strictObject({
    time_scale: z.number().min(0).max(1000).optional(),
    paused: z.boolean().optional(),
  })
  .refine((settings) => Object.keys(settings).length > 0, "expected time_scale or paused");

/** The body of `POST /__mock/clock/advance`. */
export const ClockAdvance = z.strictObject({ ms: z.int().min(0).max(315_360_000_000) });

const Outage = z.enum(["500", "503", "hang", "reset"]);
export type Outage = z.infer<typeof Outage>;

/** The body of `POST /__mock/faults`. */
export const Faults = z.strictObject({
  next: z.array(z.string().max(200)).max(1000).optional(),
  outage: Outage.nullish(),
});

/** The body of `POST /__mock/verifications/{id}/decide`. */
export const Decision = z.strictObject({
  outcome: z.enum(["approved", "rejected", "retry", "review", "expired", "monitoring_hit"]),
  reason_codes: z.array(reasonCode).max(10).optional(),
  nationality: country.optional(),
});
