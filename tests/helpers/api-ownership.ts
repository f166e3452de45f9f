import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiAnswer, type ApiRequest, call, expectProblem } from "./api.ts";
import type { Account } from "./api-accounts.ts";

/** How an operation on somebody's own object is tested. */
export type OwnedCase = {
  /** Somebody to whom the object does not belong. */
  readonly stranger: () => Account;
  /** A request with the object's ids in `params`. */
  readonly request: () => ApiRequest;
  /** What must stay as it is. */
  readonly keeps: () => Promise<unknown>;
};

/** What must not differ between "not yours" and "not there". */
function telling({ status, body }: ApiAnswer) {
  const { request_id: _, instance: __, ...rest } = body;
  return { status, ...rest };
}

/** Tests that somebody else's object looks like none. */
export function describeOwnership(id: OperationId, { stranger, request, keeps }: OwnedCase): void {
  describe(`${id}: objects of others`, () => {
    test("[OBJ-01] 404, the same as for an id that nobody has", async () => {
      const before = await keeps();
      const as = stranger().credential;
      const params = request().params ?? {};
      const unknown = Object.fromEntries(Object.keys(params).map((name) => [name, randomUUID()]));
      const foreign = await expectProblem(id, 404, "not_found", { ...request(), as });
      const missing = await expectProblem(id, 404, "not_found", {
        ...request(),
        as,
        params: unknown,
      });
      expect(telling(foreign)).toEqual(telling(missing));
      expect(await keeps()).toEqual(before);
    });

    test("400 for ids that are none", async () => {
      const as = stranger().credential;
      for (const wrong of ["me", "1", "%2e%2e%2f", "00000000-0000-0000-0000-00000000000g"]) {
        const params = Object.fromEntries(
          Object.keys(request().params ?? {}).map((name) => [name, wrong]),
        );
        const { status, body } = await call(id, { ...request(), as, params });
        expect([wrong, status, body.code]).toEqual([wrong, 400, "validation_failed"]);
      }
    });
  });
}
