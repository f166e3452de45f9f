import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Front, startFront } from "./lib/front.ts";

let front: Front;
beforeAll(async () => {
  front = await startFront();
});
afterAll(() => front.dispose());

const call = (path: string, init?: RequestInit) => front.call(path, init);

describe("what reaches a function", () => {
  test("the path starts with its name; method, query, headers and body are the caller's", async () => {
    const response = await call("open/echo/a%20b?x=1&x=2", {
      method: "PATCH",
      headers: {
        "x-custom": "yes",
        authorization: "Bearer something",
        "content-type": "text/plain",
      },
      body: "hello",
    });
    expect(await response.json()).toMatchObject({
      method: "PATCH",
      url: "/open/echo/a%20b?x=1&x=2",
      body: "hello",
      headers: { "x-custom": "yes", authorization: "Bearer something", "content-length": "5" },
    });
  });

  test("who called is the gateway's word, not the caller's", async () => {
    const response = await call("open/echo", {
      headers: {
        "x-forwarded-for": "10.9.8.7",
        "x-forwarded-host": "evil",
        "x-forwarded-proto": "https",
      },
    });
    const { headers } = await response.json();
    expect(headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-port": new URL(front.origin).port,
      host: new URL(front.origin).host,
    });
  });

  test("a body without length arrives as a stream, while it is being sent", async () => {
    const outgoing = request(`${front.origin}/functions/v1/open/duplex`, { method: "POST" });
    outgoing.write("one");
    const [incoming] = await once(outgoing, "response");
    const [first] = await once(incoming, "data");
    expect(String(first)).toBe("<one>");
    outgoing.write("two");
    const [second] = await once(incoming, "data");
    expect(String(second)).toBe("<two>");
    outgoing.end();
    await once(incoming, "end");
  });
});

describe("what comes back", () => {
  test("status, reason, repeated headers and body are the function's", async () => {
    const response = await call("open/headers");
    expect([response.status, response.statusText, await response.text()]).toEqual([
      418,
      "I am a teapot",
      "tea",
    ]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("x-own")).toBe("yes");
  });

  test("the platform adds no CORS headers to what a function answers", async () => {
    const response = await call("open/headers");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("half an answer is a broken one", async () => {
    await expect(call("open/half").then((response) => response.text())).rejects.toThrow();
  });
});

test("two requests on one connection, one after the other", async () => {
  const { port } = new URL(front.origin);
  const socket = connect(Number(port), "127.0.0.1");
  const get = `GET /functions/v1/open/headers HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(get + get);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await vi.waitUntil(() => text.split("418 I am a teapot").length === 3, 5_000);
  socket.destroy();
});
