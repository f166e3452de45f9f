import { ERRORS } from "../../supabase/functions/_shared/errors.ts";
import { banner, type OutputFile } from "./output.ts";

const SOURCE = "supabase/functions/_shared/errors.ts";
const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
};

interface CodeEntry {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly sqlstate: string | null;
}

function entries(): CodeEntry[] {
  return Object.entries(ERRORS).map(([code, error]) => ({
    code,
    status: error.status,
    title: error.title,
    sqlstate: "sqlstate" in error ? error.sqlstate : null,
  }));
}

function enumeration(codes: readonly CodeEntry[]): string {
  return `${banner(SOURCE, "#")}type: string
enum:
${codes.map(({ code }) => `  - ${code}`).join("\n")}
description: The stable reason of a problem. All codes stand in \`docs/error-codes.md\`.
example: validation_failed
`;
}

function section(status: number, codes: readonly CodeEntry[]): string {
  const rows = codes.map(
    ({ code, title, sqlstate }) =>
      `| \`${code}\` | ${title} | ${sqlstate ? `\`${sqlstate}\`` : ""} |`,
  );
  return `## ${status} ${PHRASES[status] ?? ""}

| code | title | SQL errcode |
|---|---|---|
${rows.join("\n")}
`;
}

function document(codes: readonly CodeEntry[]): string {
  const statuses = [...new Set(codes.map(({ status }) => status))].sort((a, b) => a - b);
  const sections = statuses.map((status) =>
    section(
      status,
      codes.filter((entry) => entry.status === status),
    ),
  );
  return `${banner(SOURCE, "<!--")}
# Error codes

Every error is a problem document (RFC 9457, \`application/problem+json\`). Clients branch on \`code\`, which never changes
its meaning; \`title\` and \`detail\` are for people. The list is closed: the contract's \`ErrorCode\` has the same codes, and
SQL raises the errcodes of the last column for the same reasons.

${sections.join("\n")}`;
}

/** The contract's enum and the page for people, both from the one list of codes. */
export function generateErrorCodes(): OutputFile[] {
  const codes = entries();
  return [
    { path: "openapi/schemas/ErrorCode.yaml", content: enumeration(codes) },
    { path: "docs/error-codes.md", content: document(codes) },
  ];
}
