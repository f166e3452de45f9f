import { describe, expect, test } from "vitest";
import {
  findTarget,
  type Resolve,
  resolveHost,
} from "../../../../supabase/functions/_shared/webhooks/find-target.ts";

const PUBLIC = "93.184.216.34";
const resolveTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses;
const find = (url: string, addresses: readonly string[] = [PUBLIC], allowLoopback = false) =>
  findTarget(url, { resolve: resolveTo(...addresses), allowLoopback });
const refused = async (...given: Parameters<typeof find>) =>
  expect(find(...given), given[0]).rejects.toMatchObject({ name: "UnsafeUrlError" });

test("a public https URL: the addresses, the name and what stands in the request", async () => {
  expect(await find("https://hooks.Example.com/nff?key=1", [PUBLIC, "2606:4700::1111"])).toEqual({
    isSecure: true,
    serverName: "hooks.example.com",
    addresses: [PUBLIC, "2606:4700::1111"],
    port: 443,
    host: "hooks.example.com",
    path: "/nff?key=1",
  });
  expect(await find("https://hooks.example.com:8443")).toMatchObject({
    port: 8443,
    host: "hooks.example.com:8443",
    path: "/",
  });
  expect(await find("https://1.1.1.1/x")).toMatchObject({
    serverName: null,
    addresses: ["1.1.1.1"],
  });
  expect(await find("https://[2606:4700::1111]/x")).toMatchObject({
    addresses: ["2606:4700::1111"],
    host: "[2606:4700::1111]",
  });
});

describe("[SSRF-01] refused", () => {
  test("as soon as one of the addresses is not public", async () => {
    for (const address of [
      "127.0.0.1",
      "10.0.0.8",
      "169.254.169.254",
      "::ffff:10.0.0.1",
      "fd00::1",
    ]) {
      await refused("https://hooks.example.com/", [PUBLIC, address]);
      await refused("https://hooks.example.com/", [address, PUBLIC]);
    }
  });

  test("however an address is written", async () => {
    for (const host of [
      "127.0.0.1",
      "127.1",
      "0x7f000001",
      "2130706433",
      "017700000001",
      "0",
      "169.254.169.254",
      "[::1]",
      "[::ffff:7f00:1]",
      "[64:ff9b::7f00:1]",
      "①②⑦.⓪.⓪.①",
    ]) {
      await refused(`https://${host}/`);
    }
  });

  test("any other scheme, credentials, a fragment, and what is no URL", async () => {
    for (const url of [
      "http://hooks.example.com/",
      "ftp://hooks.example.com/",
      "file:///etc/passwd",
      "https://user@hooks.example.com/",
      "https://user:pass@hooks.example.com/",
      "https://hooks.example.com/#x",
      "https://",
      "hooks.example.com",
      "https://[::1",
      "",
    ]) {
      await refused(url);
    }
  });

  test.each([22, 25, 53, 80, 587, 1023])("port %i", async (port) => {
    await refused(`https://hooks.example.com:${port}/`);
  });

  test("a name that leads nowhere, or whose server says nothing", async () => {
    await refused("https://hooks.example.com/", []);
    const resolve = () => Promise.reject(new Error("ENOTFOUND"));
    await expect(
      findTarget("https://hooks.example.com/", { resolve, allowLoopback: false }),
    ).rejects.toThrow("could not be resolved");
  });
});

describe("with the switch for development", () => {
  test("this machine may be called, without TLS too", async () => {
    expect(await find("http://localhost:3000/x", ["127.0.0.1", "::1"], true)).toMatchObject({
      isSecure: false,
      port: 3000,
    });
    expect(await find("https://localhost:3000/x", ["127.0.0.1"], true)).toMatchObject({
      isSecure: true,
    });
  });

  test("and nothing else that is not public, nor anything public without TLS", async () => {
    await refused("http://hooks.example.com:8080/", [PUBLIC], true);
    await refused("http://hooks.example.com:8080/", ["127.0.0.1", PUBLIC], true);
    await refused("https://hooks.example.com/", ["127.0.0.1", PUBLIC], true);
    await refused("https://hooks.example.com/", ["10.0.0.1"], true);
    await refused("http://localhost/", ["127.0.0.1"], true);
  });
});

test("the system's resolver gives all addresses", async () => {
  const addresses = await resolveHost("localhost");
  expect(addresses.length).toBeGreaterThan(0);
  for (const address of addresses) expect(["127.0.0.1", "::1"]).toContain(address);
});
