import { z } from "zod";
import type { ApiErrorOptions, ErrorCode, FieldError } from "../errors.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const requirements = z.array(
  z.object({
    kind: z.string(),
    field: z.string().nullable(),
    document_type: z.string().nullable(),
    side: z.string().nullable(),
  }),
);

const ids = z.array(z.uuid());

/**
 * Reads what SQL puts into the `detail` of an error, which depends on the code: the member that is
 * at fault, the open requirements or screening hits, the moment from which on it will work, or the id
 * of the row that stands in the way. A detail of any other kind is for the log.
 */
export function readDetail(code: ErrorCode, detail: string | undefined): ApiErrorOptions {
  if (!detail) return {};
  switch (code) {
    case "validation_failed":
      return {
        errors: [{ pointer: `#/${detail}`, code: "invalid", detail: "This is not valid." }],
      };
    case "profile_incomplete":
    case "consent_required":
    case "requirements_not_met":
      return { errors: requirements.parse(JSON.parse(detail)).map(toFieldError) };
    case "screening_undecided":
      return { errors: ids.parse(JSON.parse(detail)).map(toOpenHit) };
    case "resubmission_too_soon":
    case "rate_limited":
      return { headers: { "retry-after": secondsUntil(detail) } };
    default:
      return UUID.test(detail) ? { extensions: { resource_id: detail } } : {};
  }
}

type Requirement = z.output<typeof requirements>[number];

function toFieldError({ kind, field, document_type, side }: Requirement): FieldError {
  const parts = [field, document_type, side].filter((part) => part !== null);
  return {
    pointer: ["requirements", kind, ...parts].join("/"),
    code: kind,
    detail: `Missing: ${[kind, ...parts].join(" ").replaceAll("_", " ")}.`,
  };
}

function toOpenHit(id: string): FieldError {
  return { pointer: `screening_hits/${id}`, code: "open", detail: "Decide this hit first." };
}

function secondsUntil(moment: string): string {
  return String(Math.max(1, Math.ceil((Date.parse(moment) - Date.now()) / 1_000)));
}
