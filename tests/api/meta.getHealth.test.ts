import { expect, test } from "vitest";
import { call } from "../helpers/api.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

describeCommonAnswers("meta.getHealth", { request: () => ({}) });

test("200 for everyone, and without a database too", async () => {
  const { status, body } = await call("meta.getHealth", { as: { authorization: "Bearer nobody" } });
  expect([status, body]).toEqual([200, { status: "ok" }]);
});
