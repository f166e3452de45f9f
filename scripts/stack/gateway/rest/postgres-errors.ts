import postgres from "postgres";

/** PostgREST's table from SQLSTATEs to HTTP statuses; the longest prefix counts, the rest is 400. */
const STATUSES: Readonly<Record<string, number>> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "23503": 409,
  "23505": 409,
  "25": 500,
  "25006": 405,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "42P17": 500,
  "53": 503,
  "53400": 500,
  "54": 500,
  "55": 500,
  "57": 500,
  "57P01": 503,
  "58": 500,
  F0: 500,
  HV: 500,
  P0: 500,
  P0001: 400,
  XX: 500,
};

/** The library answers these as PostgREST does: they depend on the caller or the query. */
const LEFT_ALONE = /^(PGRST|PT\w{3}|42501|42P01|42703|42883)$/;

function statusOf(sqlState: string): number {
  return STATUSES[sqlState] ?? STATUSES[sqlState.slice(0, 2)] ?? 400;
}

/**
 * The library knows few SQLSTATEs and answers the others with 500 and a code of its own. But it knows
 * `PGRST`, by which SQL dictates the whole answer; so the answer that PostgREST gives is dictated.
 */
export function dictateAnswer(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError) || LEFT_ALONE.test(error.code)) return error;
  const { code, message, detail, hint } = error;
  const answer = { code, message, details: detail ?? null, hint: hint ?? null };
  return Object.assign(new Error(JSON.stringify(answer)), {
    code: "PGRST",
    detail: JSON.stringify({ status: statusOf(code), headers: {} }),
  });
}
