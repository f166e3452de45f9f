import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { findSignatureFault } from "../../../supabase/functions/_shared/http/webhook-signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = `whsec_${randomBytes(32).toString("base64")}`;
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECONDS = 1_614_265_330;
const TEXT = '{"test": 2432232314}';
/** The vector that the libraries of the standard share. */
const GOLDEN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const bytes = (text: string) => new TextEncoder().encode(text);

function verify({
  id = ID,
  timestamp = String(SECONDS),
  signature = GOLDEN,
  body = bytes(TEXT),
  secrets = [SECRET],
  now = SECONDS * 1_000,
}: {
  id?: string;
  timestamp?: string;
  signature?: string;
  body?: Uint8Array;
  secrets?: string[];
  now?: number;
} = {}) {
  const headers = new Headers({
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signature,
  });
  return findSignatureFault({ headers, body }, secrets, now);
}

test("the golden vector is genuine", async () => {
  expect(await verify()).toBeNull();
});

test("what the official library signs is genuine, whatever the bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme" }),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
      async (text, id) => {
        const signature = new Webhook(OTHER).sign(id, new Date(SECONDS * 1_000), text);
        expect(await verify({ id, body: bytes(text), signature, secrets: [OTHER] })).toBeNull();
        expect(await verify({ id, body: bytes(`${text} `), signature, secrets: [OTHER] })).toBe(
          "no_match",
        );
      },
    ),
    { numRuns: 30 },
  );
});

describe("several signatures and secrets", () => {
  const wrong = `v1,${Buffer.alloc(32, 7).toString("base64")}`;

  test.each([
    ["the old secret is still honoured", { secrets: [OTHER, SECRET] }],
    ["one of two signatures is enough", { signature: `${wrong} ${GOLDEN}` }],
    ["unknown versions are passed over", { signature: `v1a,AAAA v2,BBBB ${GOLDEN}` }],
  ])("%s", async (_what, changes) => {
    expect(await verify(changes)).toBeNull();
  });

  test("more than ten signatures are not even looked at", async () => {
    const many = Array.from({ length: 10 }, () => wrong).join(" ");
    expect(await verify({ signature: `${many} ${GOLDEN}` })).toBe("no_match");
  });
});

test.each([
  ["another id", { id: "msg_other" }, "no_match"],
  ["another secret", { secrets: [OTHER] }, "no_match"],
  ["no secret", { secrets: [] }, "no_match"],
  ["a changed body", { body: bytes('{"test": 2432232315}') }, "no_match"],
  ["the same JSON written differently", { body: bytes('{"test":2432232314}') }, "no_match"],
  ["another version's name", { signature: GOLDEN.replace("v1", "v1a") }, "no_match"],
  ["a signature without a version", { signature: GOLDEN.slice(3) }, "no_match"],
  ["a signature that is no base64", { signature: "v1,!!!" }, "no_match"],
  ["half a signature", { signature: GOLDEN.slice(0, 20) }, "no_match"],
  ["no id", { id: "" }, "missing_header"],
  ["no signature", { signature: "" }, "missing_header"],
  ["no time", { timestamp: "" }, "missing_header"],
  ["a time in words", { timestamp: "now" }, "bad_timestamp"],
  ["a time with a sign", { timestamp: `+${SECONDS}` }, "bad_timestamp"],
  ["five minutes and a second later", { now: (SECONDS + 301) * 1_000 }, "too_old"],
  ["five minutes and a second earlier", { now: (SECONDS - 301) * 1_000 }, "too_new"],
])("%s is refused", async (_what, changes, fault) => {
  expect(await verify(changes)).toBe(fault);
});

test.each([299, -299])("a clock that is off by %d seconds is near enough", async (seconds) => {
  expect(await verify({ now: (SECONDS + seconds) * 1_000 })).toBeNull();
});
