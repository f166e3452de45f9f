import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiAnswer, type ApiRequest, call, expectProblem } from "./api.ts";
import type { Account } from "./api-accounts.ts";

/** How an operation with an Idempotency-Key is tested. */
export type IdempotentCase = {
  /** Somebody for whom the operation has not happened yet. */
  readonly caller: () => Promise<Account>;
  readonly request: (account: Account) => Promise<ApiRequest>;
  /** A request that is valid too, and another one; none where all requests are the same. */
  readonly otherRequest?: (account: Account) => Promise<ApiRequest>;
  /** How often the operation has happened. */
  readonly effects: (account: Account) => Promise<number>;
  /** Members of an answer that are made anew for every answer. */
  readonly fresh?: readonly string[];
};

/** Tests that an operation happens once per key, whatever the network does. */
export function describeIdempotency(id: OperationId, idempotent: IdempotentCase): void {
  const { fresh = [] } = idempotent;
  let account: Account;
  let request: ApiRequest;
  let done: number;

  const withKey = (key: string, changes: Partial<ApiRequest> = {}) =>
    call(id, {
      ...request,
      as: account.credential,
      ...changes,
      headers: { ...request.headers, "idempotency-key": key },
    });
  const lasting = ({ body }: ApiAnswer) =>
    Object.fromEntries(Object.entries(body).filter(([name]) => !fresh.includes(name)));

  describe(`${id}: idempotency`, () => {
    beforeEach(async () => {
      account = await idempotent.caller();
      request = await idempotent.request(account);
      done = await idempotent.effects(account);
    });

    test("a repeated request is answered like the first, and says so", async () => {
      const key = randomUUID();
      const first = await withKey(key);
      // Quoted, as the draft standard writes it, it is the same key.
      const replay = await withKey(`"${key}"`);
      expect(first.status).toBeLessThan(300);
      expect(replay.status).toBe(first.status);
      expect(lasting(replay)).toEqual(lasting(first));
      if (fresh.length === 0) expect(replay.text).toBe(first.text);
      for (const name of ["etag", "location"]) {
        expect(replay.headers.get(name), name).toBe(first.headers.get(name));
      }
      expect(first.headers.get("idempotent-replayed")).toBeNull();
      expect(replay.headers.get("idempotent-replayed")).toBe("true");
      expect(await idempotent.effects(account)).toBe(done + 1);
    });

    test("of fifty requests at once it happens once", async () => {
      const key = randomUUID();
      const answers = await Promise.all(Array.from({ length: 50 }, () => withKey(key)));
      const successes = answers.filter(({ status }) => status < 300);
      const others = answers.filter(({ status }) => status >= 300);
      expect(successes.length).toBeGreaterThanOrEqual(1);
      expect(successes.filter(({ headers }) => !headers.has("idempotent-replayed"))).toHaveLength(
        1,
      );
      expect(new Set(others.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
        new Set(others.length > 0 ? ["409 idempotency_in_progress"] : []),
      );
      expect(await idempotent.effects(account)).toBe(done + 1);
    });

    test("[IDEM-01] two people may use the same key", async () => {
      const key = randomUUID();
      await withKey(key);
      const other = await idempotent.caller();
      const { headers, ...rest } = await idempotent.request(other);
      const answer = await call(id, {
        ...rest,
        as: other.credential,
        headers: { ...headers, "idempotency-key": key },
      });
      expect(answer.status).toBeLessThan(300);
      expect(answer.headers.get("idempotent-replayed")).toBeNull();
      expect(await idempotent.effects(other)).toBeGreaterThan(0);
    });

    const { otherRequest } = idempotent;
    if (!otherRequest) return;

    test("422 for the key of another request", async () => {
      const key = randomUUID();
      await withKey(key);
      const { headers, ...other } = await otherRequest(account);
      const reused = {
        ...other,
        as: account.credential,
        headers: { ...headers, "idempotency-key": key },
      };
      await expectProblem(id, 422, "idempotency_key_reused", reused);
      expect(await idempotent.effects(account)).toBe(done + 1);
    });

    test("white space and the order of members make no other request", async () => {
      const key = randomUUID();
      const first = await withKey(key);
      const turned = Object.fromEntries(Object.entries(Object(request.body)).reverse());
      const replay = await withKey(key, { raw: ` ${JSON.stringify(turned, null, 2)}\n` });
      expect(replay.status).toBe(first.status);
      expect(replay.headers.get("idempotent-replayed")).toBe("true");
    });
  });
}
