import { ApiError } from "../errors.ts";
import { CONTRACT_VERSION } from "../generated/operations.ts";

/** Every version that is still served, oldest first; the first answers callers who name none. */
export const SUPPORTED_VERSIONS: readonly string[] = [CONTRACT_VERSION];

/**
 * Refuses callers who were written for a contract that we do not serve.
 *
 * @throws ApiError `unsupported_api_version`
 */
export function requireSupportedVersion(header: string | null): void {
  if (header === null || SUPPORTED_VERSIONS.includes(header.trim())) return;
  throw new ApiError("unsupported_api_version", {
    detail: `Supported versions: ${SUPPORTED_VERSIONS.join(", ")}.`,
  });
}
