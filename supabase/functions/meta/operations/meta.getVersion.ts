import { CONTRACT_VERSION } from "../../_shared/generated/operations.ts";
import { SUPPORTED_VERSIONS } from "../../_shared/http/api-version.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { VERSION } from "../../_shared/version.ts";
import type { MetaDeps } from "../deps.ts";

/** Says which software this is, and which contracts it serves. */
export const getVersion: UnboundOperation<"meta.getVersion", MetaDeps> = unbound(async () => ({
  status: 200,
  body: {
    name: "nff-supabase",
    version: VERSION,
    api_version: CONTRACT_VERSION,
    api_versions: [...SUPPORTED_VERSIONS],
  },
}));
