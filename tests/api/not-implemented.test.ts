import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { expectCommon, readAnswer, urlOf } from "../helpers/api.ts";
import { createAccount, secretKey } from "../helpers/api-accounts.ts";
import { checkSharedResponse } from "../helpers/generated/responses.js";

/**
 * Operations of the contract that answer 501. Whoever implements one removes it here, replaces its
 * `notImplemented` in the function's `app.ts` and adds `operations/<id>.ts` and `tests/api/<id>.test.ts`.
 */
const NOT_IMPLEMENTED: readonly OperationId[] = [];

const ids = Object.values(operations).map(({ id }) => id);

function hasFile(id: OperationId): boolean {
  const folder = operations[id].group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const file = `../../supabase/functions/${folder}/operations/${id}.ts`;
  return existsSync(new URL(file, import.meta.url));
}

test("the list names exactly the operations that have no file", () => {
  expect([...NOT_IMPLEMENTED].sort()).toEqual(ids.filter((id) => !hasFile(id)).sort());
});

test("what is on the list answers 501 after authentication, and nothing else does", async () => {
  const { credential } = await createAccount();
  for (const id of ids) {
    const { method, auth } = operations[id];
    const headers = auth === "secret" ? secretKey() : credential;
    const answer = await readAnswer(await fetch(urlOf(id), { method, headers }));
    expect([id, answer.status === 501]).toEqual([id, NOT_IMPLEMENTED.includes(id)]);
    if (answer.status !== 501) continue;
    expectCommon(answer);
    expect(checkSharedResponse("NotImplemented", answer), id).toEqual([]);
  }
});
