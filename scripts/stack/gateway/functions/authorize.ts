import type { IncomingMessage } from "node:http";
import { type ApiKeys, resolveApiKey } from "../api-keys.ts";
import { TokenError, type VerifyToken } from "../tokens/verify.ts";
import type { FunctionErrorCode } from "./errors.ts";

function codeOf({ fault, algorithm }: TokenError): FunctionErrorCode {
  if (fault === "malformed") return "UNAUTHORIZED_INVALID_JWT_FORMAT";
  if (fault !== "algorithm") return "UNAUTHORIZED_ASYMMETRIC_JWT";
  return algorithm === "HS256"
    ? "UNAUTHORIZED_LEGACY_JWT"
    : "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM";
}

const first = (header: string | string[] | undefined) =>
  Array.isArray(header) ? header[0] : header;

/**
 * What `verify_jwt = true` checks on the platform: a user token, or a bare API key. It says nothing
 * about who may call the function; that stays the function's own decision.
 *
 * @returns undefined when the request may pass.
 */
export async function refuseUnverified(
  req: IncomingMessage,
  keys: ApiKeys,
  verify: VerifyToken,
): Promise<FunctionErrorCode | undefined> {
  const bearer = /^Bearer\s+(.+)$/i.exec(req.headers.authorization ?? "")?.[1]?.trim();
  if (bearer === undefined || bearer.startsWith("sb_")) {
    const key = resolveApiKey(keys, first(req.headers.apikey), req.headers["user-agent"]);
    return typeof key === "string" ? undefined : "UNAUTHORIZED_NO_AUTH_HEADER";
  }
  try {
    await verify(bearer);
    return undefined;
  } catch (error) {
    if (error instanceof TokenError) return codeOf(error);
    throw error;
  }
}
