/**
 * Every right that an API role has, beyond `usage` on schemas and types. What is not listed is not
 * granted: a new table or function that an API role can use needs a line here, and a reason.
 */
export type ApiRole = "anon" | "authenticated" | "service_role";

/** Table → role → privilege → columns ("*" for all). Tables of `private` are granted to nobody. */
export const tableGrants: Readonly<
  Record<string, Partial<Record<ApiRole, Readonly<Record<string, readonly string[] | "*">>>>>
> = {
  "public.addresses": {
    authenticated: {
      SELECT: "*",
      UPDATE: [
        "address_name",
        "city",
        "country",
        "postal_code",
        "state_region",
        "street_address_1",
        "street_address_2",
      ],
    },
    service_role: { SELECT: "*" },
  },
  "public.consents": { authenticated: { SELECT: "*" }, service_role: { SELECT: "*" } },
  "public.kyc_documents": { authenticated: { SELECT: "*" }, service_role: { SELECT: "*" } },
  "public.kyc_verifications": { authenticated: { SELECT: "*" }, service_role: { SELECT: "*" } },
  "public.profiles": {
    authenticated: {
      SELECT: "*",
      UPDATE: ["date_of_birth", "first_name", "last_name", "middle_name", "phone", "salutation"],
    },
    service_role: { SELECT: "*" },
  },
};

/** Functions that an API role may call; the schema is `private` unless the name says otherwise. */
export const functionGrants: Readonly<Record<ApiRole, readonly string[]>> = {
  // What documents the product to everybody, and nothing else.
  anon: [
    "kyc_list_document_types",
    "kyc_list_reason_codes",
    "kyc_state_machine",
    "list_consent_documents",
  ],
  authenticated: [
    "get_export",
    "get_me",
    "has_role",
    "idempotency_begin",
    "idempotency_finish",
    "is_plain_text",
    "iso",
    "kyc_add_document",
    "kyc_case",
    "kyc_complete_document",
    "kyc_create_verification",
    "kyc_decide",
    "kyc_get_document",
    "kyc_get_verification",
    "kyc_list_cases",
    "kyc_list_document_types",
    "kyc_list_reason_codes",
    "kyc_may_upload",
    "kyc_projection",
    "kyc_state_machine",
    "kyc_submit",
    "kyc_timeline",
    "list_consent_documents",
    "list_erasure_requests",
    "list_legal_holds",
    "list_my_activity",
    "list_my_consents",
    "my_roles",
    "now",
    "place_legal_hold",
    "put_my_address",
    "record_consent",
    "release_legal_hold",
    "request_erasure",
    "request_export",
    "require_account",
    "require_role",
    "take_export",
    "update_me",
  ],
  service_role: [
    "capabilities",
    "circuit_failure",
    "circuit_states",
    "circuit_success",
    "claim_export",
    "export_rows",
    "export_step",
    "finish_export",
    "has_role",
    "idempotency_begin",
    "idempotency_finish",
    "kyc_ingest_event",
    "kyc_list_document_types",
    "kyc_list_reason_codes",
    "kyc_provider_accepted",
    "kyc_retry_parked",
    "kyc_state_machine",
    "kyc_submission",
    "list_consent_documents",
    "metrics",
    "now",
    "outbox_claim",
    "outbox_failed",
    "outbox_sent",
    "release_export",
    "run_schedules",
    "shift_clock",
  ],
};
