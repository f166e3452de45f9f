import { expect, test } from "vitest";
import { clientAddress } from "../../../supabase/functions/_shared/http/client-address.ts";

const of = (value: string, header = "x-forwarded-for") =>
  clientAddress(new Headers({ [header]: value }), header);

test("what the nearest proxy has added counts, whatever the client wrote before it", () => {
  expect(of("203.0.113.7")).toBe("203.0.113.7");
  expect(of("10.0.0.1, 198.51.100.2, 203.0.113.7")).toBe("203.0.113.7");
  expect(of("evil,203.0.113.7 ")).toBe("203.0.113.7");
  expect(of("2001:db8::1")).toBe("2001:db8::1");
});

test("several headers of one name are one list", () => {
  const headers = new Headers([
    ["x-forwarded-for", "198.51.100.2"],
    ["x-forwarded-for", "203.0.113.7"],
  ]);
  expect(clientAddress(headers, "X-Forwarded-For")).toBe("203.0.113.7");
});

test("only the named header is looked at", () => {
  const headers = new Headers({
    "x-forwarded-for": "198.51.100.2",
    "cf-connecting-ip": "203.0.113.7",
  });
  expect(clientAddress(headers, "cf-connecting-ip")).toBe("203.0.113.7");
  expect(clientAddress(headers, "x-real-ip")).toBeNull();
});

test("an empty entry is no address", () => {
  expect(of("203.0.113.7,")).toBeNull();
  expect(of(" ")).toBeNull();
});
