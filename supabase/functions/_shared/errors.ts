/**
 * The closed list of error codes. `docs/error-codes.md` and the contract's `ErrorCode` enum are
 * generated from it, and every SQL `errcode` raised in a migration stands in it.
 *
 * `status` is the HTTP status (RFC 9110), `title` the constant title of the problem type
 * (RFC 9457, 3.1.3), `sqlstate` the five-character code that SQL raises for it, where SQL does.
 */
export const ERRORS = {
  malformed_json: { status: 400, title: "The request body is not valid JSON." },
  validation_failed: {
    status: 400,
    title: "The request does not match the contract.",
    sqlstate: "NF001",
  },
  idempotency_key_missing: {
    status: 400,
    title: "This operation needs an Idempotency-Key header.",
  },
  idempotency_key_invalid: { status: 400, title: "The Idempotency-Key header is not valid." },
  invalid_cursor: { status: 400, title: "The cursor is not valid for this list." },
  unsupported_api_version: { status: 400, title: "This API version is not supported." },
  unauthenticated: { status: 401, title: "Authentication is required." },
  invalid_token: { status: 401, title: "The access token is not valid." },
  token_expired: { status: 401, title: "The access token has expired." },
  session_ended: { status: 401, title: "The session has ended.", sqlstate: "NF002" },
  invalid_api_key: { status: 401, title: "The API key is not valid." },
  api_key_revoked: { status: 401, title: "The API key has been revoked." },
  api_key_expired: { status: 401, title: "The API key has expired." },
  invalid_signature: { status: 401, title: "The webhook signature is not valid." },
  forbidden: { status: 403, title: "You may not do this.", sqlstate: "NF010" },
  insufficient_scope: {
    status: 403,
    title: "The API key lacks the scope for this operation.",
    sqlstate: "NF016",
  },
  network_not_allowed: { status: 403, title: "The API key may not be used from this network." },
  mfa_required: { status: 403, title: "This operation needs a second factor.", sqlstate: "NF011" },
  account_inactive: {
    status: 403,
    title: "This account is suspended or deleted.",
    sqlstate: "NF012",
  },
  self_approval: {
    status: 403,
    title: "The second approval must come from another person.",
    sqlstate: "NF013",
  },
  role_not_grantable: { status: 403, title: "You may not grant this role.", sqlstate: "NF014" },
  own_role_change: { status: 403, title: "You may not change your own roles.", sqlstate: "NF015" },
  not_found: { status: 404, title: "There is no such resource.", sqlstate: "NF020" },
  route_not_found: { status: 404, title: "There is no such route." },
  method_not_allowed: { status: 405, title: "The method is not allowed on this route." },
  not_acceptable: { status: 406, title: "No acceptable representation is available." },
  email_taken: { status: 409, title: "A user with this e-mail address exists.", sqlstate: "NF030" },
  verification_open: { status: 409, title: "A verification is already open.", sqlstate: "NF031" },
  illegal_transition: {
    status: 409,
    title: "The verification may not take this step now.",
    sqlstate: "NF032",
  },
  verification_not_editable: {
    status: 409,
    title: "The verification accepts no changes now.",
    sqlstate: "NF033",
  },
  attempts_exhausted: { status: 409, title: "No attempts are left.", sqlstate: "NF034" },
  document_exists: {
    status: 409,
    title: "This document has already been added.",
    sqlstate: "NF035",
  },
  event_payload_mismatch: {
    status: 409,
    title: "An event with this id and another body was received before.",
    sqlstate: "NF036",
  },
  lease_held: { status: 409, title: "Another reviewer holds this case.", sqlstate: "NF037" },
  already_voted: {
    status: 409,
    title: "This request has been voted on.",
    sqlstate: "NF038",
  },
  approval_stale: {
    status: 409,
    title: "The approval request is no longer current.",
    sqlstate: "NF039",
  },
  last_admin: {
    status: 409,
    title: "The last administrator cannot be removed.",
    sqlstate: "NF040",
  },
  legal_hold: { status: 409, title: "The data is under legal hold.", sqlstate: "NF041" },
  export_pending: { status: 409, title: "An export is already being prepared.", sqlstate: "NF042" },
  account_state_conflict: {
    status: 409,
    title: "The account is not in a state that allows this.",
    sqlstate: "NF043",
  },
  idempotency_in_progress: {
    status: 409,
    title: "A request with this Idempotency-Key is still running.",
    sqlstate: "NF044",
  },
  consent_outdated: {
    status: 409,
    title: "This version of the text is not the one in force.",
    sqlstate: "NF045",
  },
  screening_undecided: {
    status: 409,
    title: "Screening hits on this person are not decided yet.",
    sqlstate: "NF047",
  },
  too_many_endpoints: {
    status: 409,
    title: "There are as many webhook endpoints as there may be.",
    sqlstate: "NF048",
  },
  approval_pending: {
    status: 409,
    title: "A decision waits for a second person already.",
    sqlstate: "NF049",
  },
  link_expired: {
    status: 410,
    title: "The link has expired or has been used.",
    sqlstate: "NF046",
  },
  precondition_failed: {
    status: 412,
    title: "The resource has changed since it was read.",
    sqlstate: "NF050",
  },
  payload_too_large: { status: 413, title: "The request body is too large." },
  unsupported_media_type: { status: 415, title: "The media type is not supported." },
  idempotency_key_reused: {
    status: 422,
    title: "This Idempotency-Key was used with another request.",
    sqlstate: "NF060",
  },
  profile_incomplete: { status: 422, title: "The profile is not complete.", sqlstate: "NF061" },
  consent_required: { status: 422, title: "Consent is required first.", sqlstate: "NF062" },
  requirements_not_met: { status: 422, title: "Requirements are still open.", sqlstate: "NF063" },
  reason_required: { status: 422, title: "This decision needs a reason code.", sqlstate: "NF064" },
  document_not_uploaded: {
    status: 422,
    title: "The document has not been uploaded.",
    sqlstate: "NF065",
  },
  document_invalid: {
    status: 422,
    title: "The stored document did not pass the checks.",
    sqlstate: "NF066",
  },
  unsafe_url: { status: 422, title: "This URL may not be called.", sqlstate: "NF067" },
  precondition_required: { status: 428, title: "This operation needs an If-Match header." },
  rate_limited: { status: 429, title: "Too many requests.", sqlstate: "NF071" },
  resubmission_too_soon: {
    status: 429,
    title: "The next attempt is not open yet.",
    sqlstate: "NF070",
  },
  internal_error: { status: 500, title: "The server could not complete the request." },
  not_implemented: { status: 501, title: "This operation is not implemented yet." },
  service_unavailable: {
    status: 503,
    title: "The service is temporarily unavailable.",
    sqlstate: "NF080",
  },
} as const satisfies Record<string, { status: number; title: string; sqlstate?: string }>;

/** A code of the closed list. */
export type ErrorCode = keyof typeof ERRORS;

/** One fault of a request, in the place the caller can mend it. */
export type FieldError = {
  /** JSON Pointer as a URI fragment (RFC 6901, 6): `#/address/country`. */
  readonly pointer: string;
  /** The rule that was broken, stable for machines: `required`, `format`, `duplicate_member`. */
  readonly code: string;
  /** A sentence for the developer who reads the answer. */
  readonly detail: string;
};

/** What an {@link ApiError} may add to its code; all of it reaches the caller. */
export type ApiErrorOptions = {
  /** What is wrong with this request; never names tables, paths or other callers' data. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Response headers that belong to the answer: `Allow`, `Retry-After`, `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Extension members of the problem (RFC 9457, 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** What really happened; goes to the log, never to the caller. */
  readonly cause?: unknown;
};

/**
 * An error that the caller is told about. Anything else that is thrown becomes a 500.
 *
 * @example throw new ApiError("not_found");
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly options: ApiErrorOptions;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    super(options.detail ?? ERRORS[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}
