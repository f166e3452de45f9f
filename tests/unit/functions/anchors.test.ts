import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { compactVerify, exportJWK, generateKeyPair, importJWK } from "jose";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { readAnchorEnvironment } from "../../../supabase/functions/_shared/env-anchors.ts";
import { createAnchors } from "../../../supabase/functions/worker/anchors.ts";

const RECEIVER = "https://anchors.example.com/take";
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const pair = await generateKeyPair("ES256", { extractable: true });
const key = { ...(await exportJWK(pair.privateKey)), kid: "key-1" };
const read = (changes: Record<string, string> = {}) =>
  readAnchorEnvironment({ AUDIT_ANCHOR_KEY: JSON.stringify(key), ...changes });

describe("the environment", () => {
  test("names key, algorithm and receiver", () => {
    expect(read()).toMatchObject({ key, algorithm: "ES256", webhookUrl: null });
    expect(read({ AUDIT_ANCHOR_WEBHOOK_URL: RECEIVER })).toMatchObject({ webhookUrl: RECEIVER });
    expect(read({ AUDIT_ANCHOR_WEBHOOK_URL: "http://127.0.0.1:1/x" })).toBeDefined();
  });

  test("the example has a key that signs", async () => {
    const file = new URL("../../../supabase/functions/.env.example", import.meta.url);
    const environment = readAnchorEnvironment(parseEnv(readFileSync(file, "utf8")));
    const anchors = createAnchors(environment, { writeAnchor: async () => true });
    const { d: _, ...publicKey } = environment.key;
    const document = await anchors.sign({ number: 1 });
    const { payload } = await compactVerify(document, await importJWK(publicKey, "EdDSA"));
    expect(new TextDecoder().decode(payload)).toBe('{"number":1}');
  });

  test.each([
    ["no key", { AUDIT_ANCHOR_KEY: "" }],
    ["no JSON", { AUDIT_ANCHOR_KEY: "secret" }],
    ["a public key", { AUDIT_ANCHOR_KEY: JSON.stringify({ ...key, d: undefined }) }],
    ["a key without an id", { AUDIT_ANCHOR_KEY: JSON.stringify({ ...key, kid: undefined }) }],
    ["another curve", { AUDIT_ANCHOR_KEY: JSON.stringify({ ...key, crv: "P-521" }) }],
    ["a receiver without TLS", { AUDIT_ANCHOR_WEBHOOK_URL: "http://anchors.example.com" }],
    ["a receiver that is no URL", { AUDIT_ANCHOR_WEBHOOK_URL: "anchors" }],
  ])("%s: no start, and no key in the message", (_what, changes) => {
    const attempt = () => read(changes);
    expect(attempt).toThrow(/^This function cannot start: AUDIT_ANCHOR_/);
    expect(attempt).not.toThrow(String(key.d));
  });
});

describe("storing", () => {
  const anchorsWith = (writeAnchor: (path: string, content: string) => Promise<boolean>) =>
    createAnchors(read({ AUDIT_ANCHOR_WEBHOOK_URL: RECEIVER }), { writeAnchor });

  test("in Storage under its number, then with the receiver", async () => {
    const received: unknown[] = [];
    server.use(
      http.post(RECEIVER, async ({ request }) => {
        const { headers } = request;
        received.push([
          headers.get("content-type"),
          headers.get("audit-anchor-number"),
          await request.text(),
        ]);
        return new HttpResponse(null, { status: 204 });
      }),
    );
    const write = vi.fn(async () => true);
    await anchorsWith(write).store("42", "a.b.c");
    expect(write).toHaveBeenCalledExactlyOnceWith("000000000042.jws", "a.b.c");
    expect(received).toEqual([["application/jose", "42", "a.b.c"]]);
  });

  test("another anchor of this number goes nowhere", async () => {
    await expect(anchorsWith(async () => false).store("1", "a.b.c")).rejects.toThrow(
      "Another anchor 1 is stored already.",
    );
  });

  test.each([
    ["refuses", () => new HttpResponse(null, { status: 503 })],
    ["sends elsewhere", () => HttpResponse.redirect("https://elsewhere.example.com/", 307)],
    ["cannot be reached", () => HttpResponse.error()],
  ])("a receiver that %s: it is not stored yet", async (_what, answer) => {
    server.use(http.post(RECEIVER, answer));
    await expect(anchorsWith(async () => true).store("1", "a.b.c")).rejects.toThrow();
  });
});
