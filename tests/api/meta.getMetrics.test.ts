import { expect, test } from "vitest";
import { call } from "../helpers/api.ts";
import { secretKey } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

describeCommonAnswers("meta.getMetrics", { caller: secretKey, request: () => ({}) });

test("200 in the text format of Prometheus", async () => {
  const { status, text, headers } = await call("meta.getMetrics", { as: secretKey() });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toMatch(/^text\/plain/);
  const sample = /^[a-z_]+(\{[a-z_]+="[^"\n]*"\})? -?\d+(\.\d+)?(e[+-]?\d+)?$/;
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(line.startsWith("#") ? /^# TYPE [a-z_]+ gauge$/ : sample);
  }
  expect(text).toContain("nff_outbox_pending ");
});
