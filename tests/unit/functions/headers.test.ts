import { describe, expect, test } from "vitest";
import { requireSupportedVersion } from "../../../supabase/functions/_shared/http/api-version.ts";
import { corsHeaders } from "../../../supabase/functions/_shared/http/cors.ts";
import {
  etag,
  expectedVersion,
  parseIfMatch,
} from "../../../supabase/functions/_shared/http/etag.ts";
import { parseIdempotencyKey } from "../../../supabase/functions/_shared/http/idempotency-key.ts";
import {
  requireAcceptable,
  requireContentType,
} from "../../../supabase/functions/_shared/http/media-type.ts";
import { requestId } from "../../../supabase/functions/_shared/http/request-id.ts";

const never = () => Promise.reject(new Error("The current version is not asked for."));

describe("If-Match", () => {
  test("a version that was read is the one that may be replaced", async () => {
    expect(await expectedVersion(parseIfMatch(etag(7)), never)).toBe(7);
    expect(await expectedVersion(parseIfMatch("*"), never)).toBeNull();
  });

  test("several versions: the current one if it is among them", async () => {
    const precondition = parseIfMatch(' "v3" , "v4","x" ');
    expect(await expectedVersion(precondition, async () => 4)).toBe(4);
    expect(await expectedVersion(precondition, async () => 5)).toBe(0);
  });

  test.each(['W/"v7"', '"7"', '"v07"', '"v9999999999"', '""'])(
    "%s matches no version",
    async (tag) => {
      expect(await expectedVersion(parseIfMatch(tag), never)).toBe(0);
    },
  );

  test.each([null, "", "  "])("%j is no precondition", (header) => {
    expect(() => parseIfMatch(header)).toThrow(
      expect.objectContaining({ code: "precondition_required" }),
    );
  });

  test.each(["v7", '"v7', '"v7 "', '"v7""v8"', '"v7" "v8"', '* "v7"', '"v\n7"'])(
    "%j is unreadable",
    (header) => {
      expect(() => parseIfMatch(header)).toThrow(
        expect.objectContaining({ code: "validation_failed" }),
      );
    },
  );
});

describe("Idempotency-Key", () => {
  test.each([
    ["abc", "abc"],
    ['"abc"', "abc"],
    [' "a b" ', "a b"],
    ['"', '"'],
    ["x".repeat(255), "x".repeat(255)],
  ])("%j is the key %j", (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  test.each([null, "", "   "])("%j is missing", (header) => {
    expect(() => parseIdempotencyKey(header)).toThrow(
      expect.objectContaining({ code: "idempotency_key_missing" }),
    );
  });

  test.each(['""', "x".repeat(256), "ключ", "a\u0000b", "a\tb"])("%j is none", (header) => {
    expect(() => parseIdempotencyKey(header)).toThrow(
      expect.objectContaining({ code: "idempotency_key_invalid" }),
    );
  });
});

describe("media types", () => {
  const accepted = ["application/merge-patch+json", "application/json"];

  test.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/merge-patch+json",
  ])("%s is read", (header) => {
    expect(() => requireContentType(header, accepted)).not.toThrow();
  });

  test.each([
    null,
    "",
    "text/json",
    "application/json; charset=latin1",
    "application/jsonp",
    "*/*",
  ])("%j is refused, with what would be read", (header) => {
    expect(() => requireContentType(header, accepted)).toThrow(
      expect.objectContaining({
        code: "unsupported_media_type",
        options: expect.objectContaining({ headers: { accept: accepted.join(", ") } }),
      }),
    );
  });

  test.each([
    null,
    "",
    "*/*",
    "application/*",
    "application/json",
    "text/html, */*;q=0.1",
    "application/json;q=0.5, text/html",
    "APPLICATION/JSON",
  ])("Accept: %j takes JSON", (header) => {
    expect(() => requireAcceptable(header, ["application/json"])).not.toThrow();
  });

  test.each(["text/html", "application/json;q=0", "application/json;q=0.0, */*", "text/*", "json"])(
    "Accept: %s does not",
    (header) => {
      expect(() => requireAcceptable(header, ["application/json"])).toThrow(
        expect.objectContaining({ code: "not_acceptable" }),
      );
    },
  );
});

describe("other headers", () => {
  test("an origin is compared as a whole", () => {
    const allowed = new Set(["https://app.example.com"]);
    expect(corsHeaders("https://app.example.com", allowed)).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
    });
    for (const origin of [
      "https://app.example.com.evil.io",
      "https://evilapp.example.com",
      "null",
      null,
    ]) {
      expect(corsHeaders(origin, allowed)).toEqual({ vary: "Origin" });
    }
    expect(corsHeaders("null", new Set())).toEqual({ vary: "Origin" });
  });

  test("a request id is kept or made", () => {
    expect(requestId("abc_123-X")).toBe("abc_123-X");
    expect(requestId(null)).toMatch(/^req_[0-9a-f]{32}$/);
    expect(requestId("a b")).not.toBe("a b");
  });

  test("a version of the contract is served or refused", () => {
    expect(() => requireSupportedVersion(null)).not.toThrow();
    expect(() => requireSupportedVersion("1999-01-01")).toThrow(
      expect.objectContaining({ code: "unsupported_api_version" }),
    );
  });
});
