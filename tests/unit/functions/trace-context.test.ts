import { expect, test } from "vitest";
import {
  traceContext,
  traceparent,
} from "../../../supabase/functions/_shared/http/trace-context.ts";

const TRACE = "12345678901234567890123456789012";
const PARENT = "1234567890123456";

// The cases follow the list of the W3C conformance suite (trace-context, test/test.py).
test.each([
  ["the sampled flag", `00-${TRACE}-${PARENT}-01`],
  ["no flag", `00-${TRACE}-${PARENT}-00`],
  ["an unknown flag", `00-${TRACE}-${PARENT}-ff`],
  ["white space around", `  00-${TRACE}-${PARENT}-01\t`],
  ["a version of the future", `cc-${TRACE}-${PARENT}-01`],
  [
    "a version of the future with more fields",
    `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
  ],
])("is continued with %s", (_what, header) => {
  const context = traceContext(header);
  expect(context.traceId).toBe(TRACE);
  expect(context.spanId).not.toBe(PARENT);
  expect(traceparent(context)).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-[0-9a-f]{2}$`));
});

test.each([
  ["nothing", null],
  ["an empty header", ""],
  ["two headers", `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
  ["version ff", `ff-${TRACE}-${PARENT}-01`],
  ["more fields in version 00", `00-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
  ["a future version without a dash", `cc-${TRACE}-${PARENT}-01.what`],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
  ["a parent id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["a trace id too short", `00-${TRACE.slice(1)}-${PARENT}-01`],
  ["a trace id too long", `00-${TRACE}1-${PARENT}-01`],
  ["a parent id too short", `00-${TRACE}-${PARENT.slice(1)}-01`],
  ["a parent id too long", `00-${TRACE}-${PARENT}1-01`],
  ["flags too short", `00-${TRACE}-${PARENT}-1`],
  ["flags too long", `00-${TRACE}-${PARENT}-001`],
  ["capitals in the trace id", `00-ABCDEF${TRACE.slice(6)}-${PARENT}-01`],
  ["capitals in the parent id", `00-${TRACE}-ABCDEF${PARENT.slice(6)}-01`],
  ["illegal flags", `00-${TRACE}-${PARENT}-.0`],
  ["an illegal version", `.0-${TRACE}-${PARENT}-01`],
  ["a version too short", `0-${TRACE}-${PARENT}-01`],
  ["a version too long", `000-${TRACE}-${PARENT}-01`],
])("starts anew after %s", (_what, header) => {
  const context = traceContext(header);
  expect(context.traceId).not.toBe(TRACE);
  expect(context.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(traceContext(header).traceId).not.toBe(context.traceId);
});
