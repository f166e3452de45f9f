import { describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "./api.ts";
import type { Account } from "./api-accounts.ts";

/** How a list is tested. */
export type ListCase = {
  readonly caller: () => Account;
  /** Somebody else who may read a list of this kind. */
  readonly otherCaller: () => Account;
  readonly request: () => ApiRequest;
  // biome-ignore lint/suspicious/noExplicitAny: the contract has checked the entries.
  readonly idOf: (item: any) => string;
  /** How many entries the list has, at least three. */
  readonly count: number;
  /** The entries that stay, where other tests add to the list and take from it meanwhile. */
  readonly own?: () => readonly string[];
};

/** A walk that meets more goes round in circles. */
const MOST_ENTRIES = 1000;

/** Tests the pages of a list. */
export function describePages(id: OperationId, list: ListCase): void {
  const read = (query: string) =>
    call(id, { ...list.request(), as: list.caller().credential, query: queryOf(list, query) });
  const refused = (query: string, as = list.caller()) =>
    expectProblem(id, 400, "invalid_cursor", {
      ...list.request(),
      as: as.credential,
      query: queryOf(list, query),
    });

  describe(`${id}: pages`, () => {
    test("a walk through the pages meets every entry once, in the order of the whole", async () => {
      const own = list.own?.();
      const stays = (entry: string) => own === undefined || own.includes(entry);
      const whole = (await read("limit=100")).body.items.map(list.idOf).filter(stays);
      const walked: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await read(`limit=2${cursor ? `&cursor=${cursor}` : ""}`);
        expect(page.body.items.length).toBeLessThanOrEqual(2);
        walked.push(...page.body.items.map(list.idOf));
        cursor = page.body.next_cursor;
      } while (cursor !== null && walked.length <= MOST_ENTRIES);
      expect(whole.length).toBeGreaterThanOrEqual(list.count);
      expect(walked.filter(stays)).toEqual(whole);
    });

    test("a larger limit than 100 is taken as 100, none as 25", async () => {
      const [huge, none] = [await read("limit=1000000"), await read("")];
      expect(huge.status).toBe(200);
      expect(none.body.items.length).toBeLessThanOrEqual(25);
    });

    test.each(["0", "-1", "1.5", "abc", "0x10", "", "1&limit=2"])(
      "400 for a limit of %s",
      async (limit) => {
        const request = { ...list.request(), as: list.caller().credential };
        const query = queryOf(list, `limit=${limit}`);
        const { body } = await expectProblem(id, 400, "validation_failed", { ...request, query });
        expect(body.errors[0].pointer).toBe("query/limit");
      },
    );

    test("400 for a cursor that was changed, invented or cut", async () => {
      const { next_cursor: cursor } = (await read("limit=1")).body;
      const [payload, signature] = cursor.split(".");
      const other = Buffer.from('{"id":"x"}').toString("base64url");
      for (const forged of [
        `${other}.${signature}`,
        `${payload}.${"A".repeat(signature.length)}`,
        payload,
        `${payload}.`,
        "hello",
      ]) {
        await refused(`limit=1&cursor=${forged}`);
      }
    });

    test("400 for the cursor of somebody else", async () => {
      const { next_cursor: cursor } = (await read("limit=1")).body;
      await refused(`limit=1&cursor=${cursor}`, list.otherCaller());
    });
  });
}

function queryOf(list: ListCase, more: string): string {
  const { query = "?" } = list.request();
  return `${query}${query.length > 1 && more !== "" ? "&" : ""}${more}`;
}
