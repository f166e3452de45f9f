import { expect, test } from "vitest";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { checkResponse, checkSharedResponse } from "../helpers/generated/responses.js";
import { at, contract, copyOfBundle, isObject, type Json } from "./lib/bundle.ts";
import { resolve } from "./lib/walk.ts";

const common = { "x-request-id": "req_1", "cache-control": "no-store" };
const json = { ...common, "content-type": "application/json; charset=utf-8" };
const problemHeaders = { ...common, "content-type": "application/problem+json" };

const health = (status: number, headers: Record<string, string>, body: unknown) =>
  checkResponse("meta.getHealth", { status, headers: new Headers(headers), body });

function problem(status: number, code: string): Json {
  return {
    type: `urn:nff:problem:${code}`,
    title: "A title.",
    status,
    detail: "A detail.",
    instance: "/functions/v1/meta/health",
    code,
    request_id: "req_1",
  };
}

test("an answer as the contract says has no faults", () => {
  expect(health(200, json, { status: "ok" })).toEqual([]);
  expect(health(500, problemHeaders, problem(500, "internal_error"))).toEqual([]);
});

test.each<[string, string[], string]>([
  ["an extra member", health(200, json, { status: "ok", uptime: 3 }), "additional properties"],
  ["a missing member", health(200, json, {}), "required property"],
  ["a wrong value", health(200, json, { status: "fine" }), "allowed values"],
  ["an undocumented status", health(418, json, { status: "ok" }), "418 is not documented"],
  ["another media type", health(200, { ...json, "content-type": "text/html" }, ""), "text/html"],
  ["no media type", health(200, common, { status: "ok" }), "content-type"],
  [
    "a missing header",
    health(200, { ...json, "x-request-id": "" }, { status: "ok" }),
    "X-Request-Id",
  ],
  [
    "a code that is not listed",
    health(500, problemHeaders, problem(500, "oops")),
    "allowed values",
  ],
  [
    "a status that lies",
    health(500, problemHeaders, problem(503, "internal_error")),
    "not the status",
  ],
  ["a problem as plain JSON", health(500, json, problem(500, "internal_error")), "content-type"],
])("%s is a fault", (_what, faults, words) => {
  expect(faults.join("\n")).toContain(words);
});

test("a header that is required has to be there", () => {
  const unavailable = (headers: Record<string, string>) =>
    checkResponse("meta.getReady", {
      status: 503,
      headers: new Headers({ ...problemHeaders, ...headers }),
      body: problem(503, "service_unavailable"),
    });
  expect(unavailable({ "retry-after": "2" })).toEqual([]);
  expect(unavailable({})).toEqual(["header Retry-After: is missing"]);
  expect(unavailable({ "retry-after": "soon" }).join()).toContain("header Retry-After");
});

test("the default response stands for 501 and nothing else", () => {
  const answer = (status: number) =>
    health(status, problemHeaders, problem(status, "not_implemented"));
  expect(answer(501)).toEqual([]);
  expect(answer(502)).toEqual(["status: 502 is not documented"]);
});

test("a success without content has no body", () => {
  const ended = (body: unknown) =>
    checkResponse("users.endMySession", { status: 204, headers: new Headers(common), body });
  expect(ended(null)).toEqual([]);
  expect(ended({})).toEqual(["body: there is one, and none is documented"]);
});

test("the router's answers have rules of their own", () => {
  const wrongMethod = (headers: Record<string, string>) =>
    checkSharedResponse("MethodNotAllowed", {
      status: 405,
      headers: new Headers({ ...problemHeaders, ...headers }),
      body: problem(405, "method_not_allowed"),
    });
  expect(wrongMethod({ allow: "GET, OPTIONS" })).toEqual([]);
  expect(wrongMethod({})).toEqual(["header Allow: is missing"]);
});

/** The example of a body: its own, or that of its schema. */
function exampleOf(media: Json): unknown {
  return media.example ?? resolve(at(media, "schema")).example;
}

/** Every success of the contract that shows an example, with its media type. */
function* examples() {
  const bundle = copyOfBundle();
  for (const { id, method, successStatuses } of Object.values(operations)) {
    const path = contract.operations.find((operation) => operation.id === id)?.path ?? "";
    for (const status of successStatuses) {
      const responses = at(bundle, "paths", path, method.toLowerCase(), "responses");
      const { content } = at(responses, String(status));
      for (const [type, media] of Object.entries(isObject(content) ? content : {})) {
        const body = isObject(media) ? exampleOf(media) : undefined;
        if (body !== undefined) yield { id, status, type, body };
      }
    }
  }
}

test("every example of a success passes its own closed schema", () => {
  let checked = 0;
  for (const { id, status, type, body } of examples()) {
    const headers = new Headers({ "content-type": type });
    const faults = checkResponse(id, { status, headers, body });
    expect(
      faults.filter((fault) => !fault.startsWith("header ")),
      `${id} ${status}`,
    ).toEqual([]);
    checked += 1;
  }
  expect(checked).toBeGreaterThan(40);
});
