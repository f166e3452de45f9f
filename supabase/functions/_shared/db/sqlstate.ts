import postgres from "postgres";
import { ApiError, ERRORS, type ErrorCode } from "../errors.ts";
import { readDetail } from "./error-detail.ts";

/** Seconds after which a transient failure of the database is worth another try. */
const RETRY_AFTER_SECONDS = "1";

const CODE_BY_SQLSTATE = new Map<string, ErrorCode>();
for (const [code, entry] of Object.entries(ERRORS)) {
  if ("sqlstate" in entry && isErrorCode(code)) CODE_BY_SQLSTATE.set(entry.sqlstate, code);
}

/** Two transactions got into each other's way; run again, either of them succeeds. */
const RETRYABLE = new Set(["40001", "40P01"]);
/**
 * The database cannot serve anyone now: connection refused (08), resources exhausted (53), a
 * statement or lock that took too long, a conflict that came back at every try.
 */
const UNAVAILABLE = /^(08|53)|^57014$|^55P03$|^40001$|^40P01$/;
/** The server ends the connection with this answer: shutdown, crash, or nothing done for too long. */
const LAST_WORDS = /^57P0[1-5]$|^25P03$/;
/** Failures of the connection itself, named by postgres.js or by the socket. */
const CONNECTION =
  /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)/;

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** Whether the same transaction may succeed when it is run again at once. */
export function isRetryable(error: unknown): boolean {
  return error instanceof postgres.PostgresError && RETRYABLE.has(error.code);
}

/**
 * What a failure of the database means to the caller. Codes that our SQL raises carry their
 * sentence and their detail along; trouble with the database itself is 503; anything else is
 * returned unchanged, because it is a defect of ours and becomes a 500.
 *
 * @example throw fromDatabaseError(error);
 */
export function fromDatabaseError(error: unknown): unknown {
  if (error instanceof postgres.PostgresError) {
    const code = CODE_BY_SQLSTATE.get(error.code);
    if (code) {
      return new ApiError(code, {
        detail: error.message,
        ...readDetail(code, error.detail),
        cause: error,
      });
    }
    // A grant or a policy said no where no function of ours came first.
    if (error.code === "42501") return new ApiError("forbidden", { cause: error });
  }
  return isUnavailable(error)
    ? new ApiError("service_unavailable", {
        headers: { "retry-after": RETRY_AFTER_SECONDS },
        cause: error,
      })
    : error;
}

/** The code for an SQLSTATE that SQL has caught itself, by the same rules. */
export function codeOfSqlstate(sqlstate: string): ErrorCode {
  const code = CODE_BY_SQLSTATE.get(sqlstate);
  if (code) return code;
  if (sqlstate === "42501") return "forbidden";
  return UNAVAILABLE.test(sqlstate) ? "service_unavailable" : "internal_error";
}

/** Whether an error means that its connection is gone, and a transaction on it with it. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof postgres.PostgresError ? LAST_WORDS.test(code) : CONNECTION.test(code);
}

function isUnavailable(error: unknown): boolean {
  if (isConnectionLost(error)) return true;
  return error instanceof postgres.PostgresError && UNAVAILABLE.test(error.code);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
