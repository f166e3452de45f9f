import postgres from "postgres";
import { describe, expect, test } from "vitest";
import {
  codeOfSqlstate,
  fromDatabaseError,
  isRetryable,
} from "../../../supabase/functions/_shared/db/sqlstate.ts";
import { ApiError, ERRORS } from "../../../supabase/functions/_shared/errors.ts";

function databaseError(code: string, detail?: string, message = "A sentence."): unknown {
  // The driver makes its errors from the fields of the server's answer.
  return Object.assign(Reflect.construct(postgres.PostgresError, [{ message }]), { code, detail });
}

const problemOf = (error: unknown) => {
  const problem = fromDatabaseError(error);
  if (!(problem instanceof ApiError)) throw new Error("Not an ApiError.");
  return problem;
};

describe("codes of our own", () => {
  const raised = Object.entries(ERRORS).flatMap(([code, entry]) =>
    "sqlstate" in entry ? [[entry.sqlstate, code] as const] : [],
  );

  test.each(raised)("%s is %s, with the sentence of the SQL", (sqlstate, code) => {
    const detail = /^NF(06[123]|047)$/.test(sqlstate) ? "[]" : undefined;
    const problem = problemOf(databaseError(sqlstate, detail));
    expect([problem.code, problem.options.detail]).toEqual([code, "A sentence."]);
  });

  test("an id in the detail is the resource in the way", () => {
    const id = "01a1f89e-14d1-7383-8157-608eb5b31352";
    expect(problemOf(databaseError("NF031", id)).options.extensions).toEqual({ resource_id: id });
  });

  test("any other detail stays inside", () => {
    const { options } = problemOf(databaseError("NF032", '{"from":"draft","table":"kyc_cases"}'));
    expect(options.extensions).toBeUndefined();
    expect(options.errors).toBeUndefined();
  });

  test("a member that is at fault is pointed at", () => {
    expect(problemOf(databaseError("NF001", "date_of_birth")).options.errors).toMatchObject([
      { pointer: "#/date_of_birth", code: "invalid" },
    ]);
  });

  test("hits that wait for a decision are listed one by one", () => {
    const id = "01a1f89e-14d1-7383-8157-608eb5b31352";
    expect(problemOf(databaseError("NF047", `["${id}"]`)).options.errors).toEqual([
      { pointer: `screening_hits/${id}`, code: "open", detail: "Decide this hit first." },
    ]);
  });

  test("open requirements are listed one by one", () => {
    const open = [
      { kind: "profile_field", field: "last_name", document_type: null, side: null, extra: 1 },
      { kind: "document", field: null, document_type: "passport", side: "front" },
    ];
    expect(problemOf(databaseError("NF063", JSON.stringify(open))).options.errors).toEqual([
      {
        pointer: "requirements/profile_field/last_name",
        code: "profile_field",
        detail: "Missing: profile field last name.",
      },
      {
        pointer: "requirements/document/passport/front",
        code: "document",
        detail: "Missing: document passport front.",
      },
    ]);
  });

  test("the moment from which on it works becomes Retry-After", () => {
    const at = new Date(Date.now() + 90_000).toISOString();
    const seconds = Number(problemOf(databaseError("NF070", at)).options.headers?.["retry-after"]);
    expect(seconds).toBeGreaterThan(85);
    expect(seconds).toBeLessThanOrEqual(90);
  });
});

describe("codes of Postgres", () => {
  test("what grants and policies refuse is forbidden, without their words", () => {
    const problem = problemOf(
      databaseError("42501", undefined, "permission denied for table profiles"),
    );
    expect([problem.code, problem.options.detail]).toEqual(["forbidden", undefined]);
  });

  test.each(["08006", "53300", "57P01", "57P03", "57014", "55P03", "40001", "40P01", "25P03"])(
    "%s passes: 503 with Retry-After",
    (code) => {
      const problem = problemOf(databaseError(code));
      expect(problem.code).toBe("service_unavailable");
      expect(problem.options.headers).toEqual({ "retry-after": "1" });
    },
  );

  test.each(["23505", "22P02", "42P01", "42883", "XX000", "P0001"])(
    "%s is a defect of ours",
    (code) => {
      const error = databaseError(code);
      expect(fromDatabaseError(error)).toBe(error);
    },
  );

  test("only conflicts of transactions are tried again", () => {
    expect(["40001", "40P01"].map((code) => isRetryable(databaseError(code)))).toEqual([
      true,
      true,
    ]);
    expect(["55P03", "23505", "NF050"].some((code) => isRetryable(databaseError(code)))).toBe(
      false,
    );
  });
});

describe("the connection", () => {
  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "CONNECT_TIMEOUT",
    "CONNECTION_CLOSED",
    "CONNECTION_ENDED",
    "ENOTFOUND",
  ])("%s is 503", (code) => {
    expect(problemOf(Object.assign(new Error("x"), { code })).code).toBe("service_unavailable");
  });

  test("what is none of ours goes through untouched", () => {
    for (const other of [new TypeError("x"), new ApiError("not_found"), "text", null]) {
      expect(fromDatabaseError(other)).toBe(other);
    }
  });
});

test.each([
  ["NF037", "lease_held"],
  ["42501", "forbidden"],
  ["55P03", "service_unavailable"],
  ["57014", "service_unavailable"],
  ["23514", "internal_error"],
  ["XX000", "internal_error"],
])("%s that SQL has caught itself is %s too", (sqlstate, code) => {
  expect(codeOfSqlstate(sqlstate)).toBe(code);
});
