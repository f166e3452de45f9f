import type { ServerResponse } from "node:http";

/** What the platform's gateway answers in place of a function; the code is also a header. */
const FUNCTION_ERRORS = {
  NOT_FOUND: { status: 404, message: "Requested function was not found" },
  BOOT_ERROR: { status: 503, message: "Function failed to start (please check logs)" },
  BAD_GATEWAY: { status: 502, message: "Function closed the connection without an answer" },
  IDLE_TIMEOUT: { status: 504, message: "Function did not answer in time" },
  PAYLOAD_TOO_LARGE: { status: 413, message: "Request body is too large" },
  UNAUTHORIZED_NO_AUTH_HEADER: { status: 401, message: "Missing authorization header" },
  UNAUTHORIZED_INVALID_JWT_FORMAT: { status: 401, message: "Invalid JWT" },
  UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM: { status: 401, message: "Unsupported JWT algorithm" },
  UNAUTHORIZED_LEGACY_JWT: { status: 401, message: "Invalid JWT" },
  UNAUTHORIZED_ASYMMETRIC_JWT: { status: 401, message: "Invalid JWT" },
} as const;

export type FunctionErrorCode = keyof typeof FUNCTION_ERRORS;

export function answerFunctionError(res: ServerResponse, code: FunctionErrorCode): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { status, message } = FUNCTION_ERRORS[code];
  const body = JSON.stringify({ code, message });
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "sb-error-code",
    "sb-error-code": code,
  });
  res.end(body);
}
