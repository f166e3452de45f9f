import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAnswerReader } from "../../../../supabase/functions/_shared/webhooks/read-answer.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Reads an answer that comes in parts; `isWhole`: whether the reader wants no more. */
function read(text: string, partSize = text.length || 1) {
  const reader = createAnswerReader();
  let isWhole = false;
  for (let at = 0; at < text.length && !isWhole; at += partSize) {
    isWhole = reader.push(bytes(text.slice(at, at + partSize)));
  }
  return { head: reader.head(), isWhole };
}

const answer = (head: string, body = "") =>
  `HTTP/1.1 ${head.replaceAll("\n", "\r\n")}\r\n\r\n${body}`;

describe("an answer is whole", () => {
  test.each([
    ["without a body", answer("204 No Content"), 204],
    ["without a reason", answer("204 "), 204],
    ["in the old version", answer("204 OK").replace("1.1", "1.0"), 204],
    ["with a length", answer("200 OK\nContent-Length: 5", "hello"), 200],
    ["of length 0", answer("500 No\nContent-Length: 0"), 500],
    [
      "in chunks",
      answer(
        "200 OK\nTransfer-Encoding: chunked",
        "5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
      ),
      200,
    ],
    [
      "in chunks with trailers",
      answer("200 OK\nTransfer-Encoding: Chunked", "1\r\nx\r\n0\r\nDigest: x\r\n\r\n"),
      200,
    ],
    [
      "behind interim answers",
      `${answer("100 Continue")}${answer("103 Early Hints\nLink: x")}${answer("204 X")}`,
      204,
    ],
    ["with a body without an end", answer("200 OK", "x".repeat(70_000)), 200],
    [
      "with a body that is no chunk",
      answer("200 OK\nTransfer-Encoding: chunked", "nonsense\r\n"),
      200,
    ],
    [
      "with a chunk that does not end where it says",
      answer("200 OK\nTransfer-Encoding: chunked", "1\r\nxyz\r\n"),
      200,
    ],
    [
      "with a chunk size that never ends",
      answer("200 OK\nTransfer-Encoding: chunked", "0".repeat(2_000)),
      200,
    ],
  ])("%s", (_what, text, status) => {
    for (const size of [1, 7, text.length]) {
      expect(read(text, size)).toEqual({ head: { status, retryAfter: null }, isWhole: true });
    }
  });
});

test.each([
  ["no byte", ""],
  ["half a head", "HTTP/1.1 200 OK\r\nContent-Le"],
  ["an interim answer only", answer("100 Continue")],
])("nothing is known by %s", (_what, text) => {
  expect(read(text)).toEqual({ head: null, isWhole: false });
});

test.each([
  ["less than its length", answer("200 OK\nContent-Length: 5", "hell")],
  ["chunks without the last", answer("200 OK\nTransfer-Encoding: chunked", "5\r\nhello\r\n")],
  ["a body that ends with the connection", answer("200 OK", "hello")],
])("more is to come after %s, but the head is known", (_what, text) => {
  expect(read(text)).toEqual({ head: { status: 200, retryAfter: null }, isWhole: false });
});

describe("refused", () => {
  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["no protocol", "\r\n\r\n"],
    ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
    ["a status that is none", answer("99 X")],
    ["a status of six hundred", answer("600 X")],
    ["a status with letters", answer("2OO OK")],
    ["a switch of protocols", answer("101 Switching Protocols")],
    ["a folded header", answer("200 OK\nA: b\n c")],
    ["a header without a colon", answer("200 OK\nAb")],
    ["a space before the colon", answer("200 OK\nContent-Length : 5")],
    ["a bare line feed", "HTTP/1.1 200 OK\nA: b\r\n\r\n"],
    ["a control character", answer("200 OK\nA: \u0000")],
    ["two lengths", answer("200 OK\nContent-Length: 1\nContent-Length: 2")],
    ["a length that is none", answer("200 OK\nContent-Length: -1")],
    ["a list of lengths", answer("200 OK\nContent-Length: 1, 1")],
    ["a length and chunks", answer("200 OK\nContent-Length: 1\nTransfer-Encoding: chunked")],
    ["an unknown coding", answer("200 OK\nTransfer-Encoding: gzip, chunked")],
    ["a head without an end", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(20_000)}`],
    ["interim answers without an end", answer("102 Processing").repeat(6)],
  ])("%s", (_what, text) => {
    expect(() => read(text)).toThrow();
    expect(() => read(text, 1)).toThrow();
  });
});

test("a body in crumbs is left lying: it costs no more than a hundred looks", () => {
  const head = answer("200 OK\nTransfer-Encoding: chunked");
  const reader = createAnswerReader();
  expect(reader.push(bytes(head))).toBe(false);
  let pushed = 0;
  while (
    !reader.push(
      bytes(pushed % 6 === 0 ? "1" : (["\r", "\n", "x", "\r", "\n"][(pushed % 6) - 1] ?? "")),
    )
  ) {
    pushed += 1;
  }
  expect(pushed).toBeLessThan(100);
  expect(reader.head()?.status).toBe(200);
});

test("the wish for a pause is handed on", () => {
  expect(read(answer("429 X\nretry-after:  120 \nContent-Length: 0")).head).toEqual({
    status: 429,
    retryAfter: "120",
  });
});

test("whatever comes, in whatever parts, it is an answer, nothing or refused", () => {
  const line = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom("HTTP/1.1 200 OK", "\r\n", "0\r\n\r\n"),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.integer({ min: 1, max: 50 }),
      (lines, size) => {
        const outcomes = [lines.join("\r\n").length, size].map((part) => {
          try {
            return read(lines.join("\r\n"), part || 1).head;
          } catch {
            return "refused";
          }
        });
        // Parts change nothing, unless what follows a whole answer was never looked at.
        expect(outcomes[1]).toEqual(outcomes[0]);
      },
    ),
  );
});
