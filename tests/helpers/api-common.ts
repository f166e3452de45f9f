import { beforeAll, describe, expect, test } from "vitest";
import { SERVICE } from "../../supabase/functions/_shared/auth/principal.ts";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { ANONYMOUS, type ApiRequest, type Credential, call, expectProblem } from "./api.ts";
import { fakeDeps, functionWith, transactionsWithoutDatabase } from "./api-in-process.ts";
import { forgedTokens } from "./api-tokens.ts";
import { stackEnv } from "./stack-env.ts";

/** What the answers that all operations share are tested with. */
export type CommonCase = {
  /** A request that nothing is wrong with, without its caller. */
  readonly request: () => ApiRequest;
  /** Somebody who may call the operation; not needed for a public one. */
  readonly caller?: () => Credential;
  /** Somebody with an account and without a role that the operation asks for. */
  readonly outsider?: () => Credential;
  /** What no refused request may change; not needed for a reading operation. */
  readonly keeps?: () => Promise<unknown>;
};

/** Tests of everything that an operation answers before, around and instead of its own work. */
export function describeCommonAnswers(id: OperationId, commonCase: CommonCase): void {
  const { auth, idempotencyKey, ifMatch, requestMediaTypes, errorStatuses } = operations[id];
  const statuses: readonly number[] = errorStatuses;
  const refused = expectRefusal(id, commonCase);
  describe(`${id}: common answers`, () => {
    const isStaff = auth === "staff" || auth === "staff_or_machine";
    if (auth === "user" || isStaff) describeUserTokens(id, commonCase, refused);
    if (auth === "secret") describeSecretKeys(id, commonCase, refused);
    if (isStaff) describeRoles(id, commonCase, refused);
    describeNegotiation(commonCase, refused);
    if (requestMediaTypes.length > 0 && auth !== "signature") describeBody(id, commonCase, refused);
    if (idempotencyKey === "required") describeIdempotencyKey(commonCase, refused);
    if (ifMatch) describeIfMatch(commonCase, refused);
    describeDefects(id, statuses);
  });
}

type Refused = (status: number, code: string, request: ApiRequest) => Promise<Headers>;

/** Expects a problem, and that what the case wants kept is as before. */
function expectRefusal(id: OperationId, { keeps }: CommonCase): Refused {
  return async (status, code, request) => {
    const before = await keeps?.();
    const { headers } = await expectProblem(id, status, code, request);
    expect(await keeps?.()).toEqual(before);
    return headers;
  };
}

function describeUserTokens(id: OperationId, { request, caller }: CommonCase, refused: Refused) {
  const bearer = (token: string) => ({ ...request(), as: { authorization: `Bearer ${token}` } });

  test("401 without a token, and the challenge says what is wanted", async () => {
    const headers = await refused(401, "unauthenticated", { ...request(), as: ANONYMOUS });
    expect(headers.get("www-authenticate")).toBe('Bearer realm="nff-supabase"');
  });

  test("401 for a publishable key, which is no person", async () => {
    await refused(401, "unauthenticated", bearer(stackEnv().publishableKey));
  });

  test("401 for keys in the place of a token", async () => {
    await refused(401, "invalid_token", bearer(stackEnv().secretKey));
    await refused(401, "invalid_api_key", bearer("nffk_unknown"));
    await refused(401, "unauthenticated", {
      ...request(),
      as: { apikey: stackEnv().secretKey },
    });
  });

  test("[AUTH-01] [AUTH-02] 401 for every forged token, with the challenge", async () => {
    const genuine = caller?.().authorization?.replace("Bearer ", "") ?? "";
    for (const [what, token] of await forgedTokens(genuine)) {
      const { status, body, headers } = await call(id, bearer(token));
      expect([what, status, body.code]).toEqual([what, 401, "invalid_token"]);
      expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
  });

  test("401 for a token in the query string", async () => {
    const token = caller?.().authorization?.replace("Bearer ", "") ?? "";
    const query = `?access_token=${token}&apikey=${stackEnv().secretKey}`;
    await refused(401, "unauthenticated", { ...request(), as: ANONYMOUS, query });
  });
}

function describeSecretKeys(_: OperationId, { request }: CommonCase, refused: Refused) {
  test("401 without a key, and the challenge says what is wanted", async () => {
    const headers = await refused(401, "unauthenticated", { ...request(), as: ANONYMOUS });
    expect(headers.get("www-authenticate")).toBe('ApiKey realm="nff-supabase"');
  });

  test.each([
    ["a wrong key", { apikey: "sb_secret_wrong" }],
    ["the right key, cut", { apikey: "sb_secret_N7UND0UgjKTVK" }],
  ])("401 for %s", async (_what, as) => {
    await refused(401, "invalid_api_key", { ...request(), as });
  });

  test("401 for the publishable key, and for the right key as a token", async () => {
    const { publishableKey, secretKey } = stackEnv();
    await refused(401, "invalid_api_key", { ...request(), as: { apikey: publishableKey } });
    const as = { authorization: `Bearer ${secretKey}` };
    await refused(401, "unauthenticated", { ...request(), as });
  });
}

function describeRoles(id: OperationId, { request, outsider }: CommonCase, refused: Refused) {
  test("[FUNC-01] 403 for a person without a role, before the request is looked at", async () => {
    const as = outsider?.() ?? ANONYMOUS;
    await refused(403, "forbidden", { ...request(), as });
    const broken = operations[id].requestMediaTypes.length > 0 ? { raw: "{" } : {};
    await refused(403, "forbidden", { ...request(), as, query: "?surprise=1", ...broken });
  });
}

function describeNegotiation({ request, caller }: CommonCase, refused: Refused) {
  const as = () => caller?.() ?? ANONYMOUS;

  test("400 for a query parameter that the contract does not have", async () => {
    const { query = "" } = request();
    await refused(400, "validation_failed", {
      ...request(),
      as: as(),
      query: `${query}${query === "" ? "?" : "&"}surprise=1`,
    });
  });

  test("400 for a version of the contract that is not served", async () => {
    const headers = { ...request().headers, "api-version": "1999-12-31" };
    await refused(400, "unsupported_api_version", { ...request(), as: as(), headers });
  });

  test("406 for a client that wants another format", async () => {
    const headers = {
      ...request().headers,
      accept: "text/html, application/json;q=0, text/plain;q=0",
    };
    await refused(406, "not_acceptable", { ...request(), as: as(), headers });
  });
}

function describeBody(id: OperationId, { request, caller }: CommonCase, refused: Refused) {
  const { maxBodyBytes } = operations[id];
  const send = (raw: BodyInit, headers: Record<string, string> = {}): ApiRequest => ({
    ...request(),
    as: caller?.() ?? ANONYMOUS,
    raw,
    headers: { ...request().headers, ...headers },
  });

  test("413 over the limit, announced or not", async () => {
    const tooMuch = new Uint8Array(maxBodyBytes + 1).fill(0x20);
    await refused(413, "payload_too_large", send(tooMuch));
    await refused(413, "payload_too_large", send(new Blob([tooMuch]).stream()));
  });

  test.each(["text/plain", "application/json; charset=utf-16", "application/xml"])(
    "415 for a body of type %s",
    async (type) => {
      await refused(415, "unsupported_media_type", send("{}", { "content-type": type }));
    },
  );

  test.each([
    ["half a document", "{"],
    ["two documents", "{} {}"],
    ["a comment", "{} // yes"],
    ["a NaN", '{"a":NaN}'],
    ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ])("400 malformed_json for %s", async (_what, raw) => {
    await refused(400, "malformed_json", send(raw));
  });

  test("400 for JSON that is no object", async () => {
    for (const raw of ["null", "[]", '"text"', "1"]) {
      await refused(400, "validation_failed", send(raw));
    }
  });

  test("400 for a member that is given twice, also when it is spelled differently", async () => {
    const { body } = request();
    const [[name = "", value = null] = []] = Object.entries(Object(body ?? {}));
    const members = JSON.stringify(body ?? {}).slice(1, -1);
    const spelled = `"\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}"`;
    for (const again of [JSON.stringify(name), spelled]) {
      const raw = `{${members},${again}:${JSON.stringify(value)}}`;
      await refused(400, "validation_failed", send(raw));
    }
  });

  test("400 for nesting without an end", async () => {
    const raw = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
    await refused(400, "validation_failed", send(raw));
  });

  test("400 for a member that the contract does not have", async () => {
    const body = { ...Object(request().body), status: "approved" };
    await refused(400, "validation_failed", { ...send(""), raw: JSON.stringify(body) });
  });
}

function describeIdempotencyKey({ request, caller }: CommonCase, refused: Refused) {
  const withKey = (value: string): ApiRequest => ({
    ...request(),
    as: caller?.() ?? ANONYMOUS,
    headers: { ...request().headers, "idempotency-key": value },
  });

  test("400 without an Idempotency-Key, and for one that is none", async () => {
    const { "idempotency-key": _, ...headers } = { ...request().headers };
    const as = caller?.() ?? ANONYMOUS;
    await refused(400, "idempotency_key_missing", { ...request(), as, headers });
    await refused(400, "idempotency_key_invalid", withKey("x".repeat(256)));
    await refused(400, "idempotency_key_invalid", withKey('""'));
  });
}

function describeIfMatch({ request, caller }: CommonCase, refused: Refused) {
  const withMatch = (value: string): ApiRequest => ({
    ...request(),
    as: caller?.() ?? ANONYMOUS,
    headers: { ...request().headers, "if-match": value },
  });

  test("428 without If-Match", async () => {
    const { "if-match": _, ...headers } = { ...request().headers };
    await refused(428, "precondition_required", {
      ...request(),
      as: caller?.() ?? ANONYMOUS,
      headers,
    });
  });

  test("400 for an If-Match that is no list of entity tags", async () => {
    for (const value of ["v1", '"v1', "W/v1", '"v1";']) {
      await refused(400, "validation_failed", withMatch(value));
    }
  });

  test("412 for a stale, a foreign and a weak tag", async () => {
    for (const value of ['"v999999"', '"abc"', 'W/"v1"', '"v99999999999999"', '"v998", "v999"']) {
      await refused(412, "precondition_failed", withMatch(value));
    }
  });
}

/** What goes wrong on our side, played inside of this process. */
function describeDefects(id: OperationId, statuses: readonly number[]) {
  let withoutDatabase: Awaited<ReturnType<typeof transactionsWithoutDatabase>>;
  beforeAll(async () => {
    withoutDatabase = await transactionsWithoutDatabase();
  });
  const request = (): ApiRequest => ({
    as: { authorization: "Bearer token", apikey: "key" },
    params: { provider: "mock" },
    headers: { "idempotency-key": "1", "if-match": "*" },
    ...(operations[id].requestMediaTypes.length > 0 && { raw: "{}" }),
  });

  test("[LEAK-01] 500 says nothing about the inside, whatever is thrown", async () => {
    for (const thrown of [new TypeError("select secret from private.things"), "text", null]) {
      const broken = functionWith(id, { isUnbound: true, run: () => Promise.reject(thrown) });
      const { body } = await expectProblem(id, 500, "internal_error", request(), broken);
      expect(body.detail).toBe("The server could not complete the request.");
    }
  });

  if (!statuses.includes(503)) return;
  test("503 with Retry-After when the database is gone", async () => {
    const deps = fakeDeps({ transactionsFor: withoutDatabase });
    const asking = functionWith(
      id,
      {
        isUnbound: true,
        run: async ({ transaction }) => {
          await transaction(SERVICE, (tx) => tx`select 1`);
          return { status: 200, body: null };
        },
      },
      deps,
    );
    const { headers } = await expectProblem(id, 503, "service_unavailable", request(), asking);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });
}
