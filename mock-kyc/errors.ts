/** The closed list of error codes, as in the contract's `ErrorCode`. */
export const ERRORS = {
  malformed_json: { status: 400, title: "The body is not valid JSON." },
  validation_failed: { status: 400, title: "The request does not match the contract." },
  idempotency_key_missing: { status: 400, title: "This request needs an Idempotency-Key header." },
  idempotency_key_invalid: { status: 400, title: "The Idempotency-Key header is not valid." },
  invalid_document: { status: 400, title: "A document can't be used." },
  unauthorized: { status: 401, title: "The key is missing or wrong." },
  not_found: { status: 404, title: "There is no such thing." },
  method_not_allowed: { status: 405, title: "The method is not allowed here." },
  verification_closed: { status: 409, title: "The verification is closed." },
  verification_redacted: { status: 409, title: "The verification is redacted." },
  payload_too_large: { status: 413, title: "The body is too large." },
  unsupported_media_type: { status: 415, title: "The body must be application/json." },
  unknown_scenario: { status: 422, title: "The scenario is not known." },
  idempotency_key_reused: { status: 422, title: "The key was used with another body." },
  rate_limited: { status: 429, title: "Too many requests." },
  internal_error: { status: 500, title: "The server failed." },
  service_unavailable: { status: 503, title: "The service is not available." },
} as const;

/** One of the codes in {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** One mismatch between a request and the contract. */
export interface Mismatch {
  /** JSON pointer into the body, or the name of a parameter. */
  readonly pointer: string;
  readonly detail: string;
}

/** A refusal with a code of the closed list; the HTTP layer turns it into a problem document. */
export class ProviderError extends Error {
  readonly code: ErrorCode;
  readonly mismatches: readonly Mismatch[];

  constructor(code: ErrorCode, detail: string, mismatches: readonly Mismatch[] = []) {
    super(detail);
    this.name = "ProviderError";
    this.code = code;
    this.mismatches = mismatches;
  }
}
