import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isLoopbackAddress,
  isPublicAddress,
} from "../../../../supabase/functions/_shared/webhooks/public-address.ts";

const PUBLIC = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "168.63.129.15",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.167.255.255",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2001:4860:4860::8888",
  "2606:4700::1111",
  "2001:200::1",
  "2003::1",
  "3ffe::1",
];

/** By what they are; first and last addresses of each network. */
const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  "unspecified or this network": ["0.0.0.0", "0.255.255.255", "::", "0:0:0:0:0:0:0:0"],
  loopback: ["127.0.0.1", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"],
  private: [
    "10.0.0.0",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
  ],
  "link-local": ["169.254.0.0", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"],
  "cloud metadata": [
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
  ],
  "carrier-grade NAT": ["100.64.0.0", "100.127.255.255"],
  "protocol assignments": ["192.0.0.0", "192.0.0.255", "2001::1", "2001:1ff:ffff::"],
  documentation: [
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff::1",
  ],
  benchmarking: ["198.18.0.0", "198.19.255.255", "2001:2::1"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "reserved or broadcast": ["240.0.0.0", "255.255.255.255"],
  "unique local": ["fc00::1", "fdff:ffff::1"],
  "site-local": ["fec0::1"],
  "IPv4 inside IPv6": [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
  ],
  NAT64: ["64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"],
  "6to4 and Teredo": ["2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378::1", "192.88.99.1"],
  "no address": [
    "",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.1.1.1 ",
    "[::1]",
    "::1::",
  ],
};

test.each(PUBLIC)("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe("not public", () => {
  test.each(Object.entries(NOT_PUBLIC))("[SSRF-01] %s", (_what, addresses) => {
    for (const address of addresses)
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  test("any address inside of a private network", () => {
    const part = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(part, part, part, (b, c, d) => {
        expect(isPublicAddress(`10.${b}.${c}.${d}`)).toBe(false);
        expect(isPublicAddress(`127.${b}.${c}.${d}`)).toBe(false);
        expect(isPublicAddress(`192.168.${c}.${d}`)).toBe(false);
        expect(isPublicAddress(`::ffff:${b}.${c}.${d}.1`)).toBe(false);
      }),
    );
  });
});

test("loopback is 127.0.0.0/8 and ::1", () => {
  const all = [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::",
    "1::1",
    "::1:1",
    "128.0.0.1",
    "::ffff:127.0.0.1",
    "localhost",
  ];
  expect(all.filter(isLoopbackAddress)).toEqual(all.slice(0, 4));
});
