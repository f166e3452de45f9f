import { ERRORS, ProviderError } from "../errors.ts";

/** A refusal as RFC 9457 writes it. */
export function problem(error: ProviderError, headers: Record<string, string> = {}): Response {
  const { status, title } = ERRORS[error.code];
  const body = {
    type: "about:blank",
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.mismatches.length > 0 ? { errors: error.mismatches } : {}),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** Any thrown value as a problem; only refusals say what they are about. */
export function problemOf(error: unknown): Response {
  if (error instanceof ProviderError) {
    return problem(error, error.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {});
  }
  console.error(JSON.stringify({ event: "error", error: String(error) }));
  return problem(new ProviderError("internal_error", "Something went wrong here."));
}
