import { expect, test } from "vitest";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { call } from "../helpers/api.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

describeCommonAnswers("meta.getOpenapi", { request: () => ({}) });

test("200 with every operation that is served, for everyone and for a while", async () => {
  const { status, body, headers } = await call("meta.getOpenapi");
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("public, max-age=300");
  const methods: Record<string, { operationId: string }>[] = Object.values(body.paths);
  const ids = methods.flatMap((path) =>
    Object.values(path).flatMap(({ operationId }) => operationId ?? []),
  );
  expect(ids.sort()).toEqual(Object.keys(operations).sort());
});
