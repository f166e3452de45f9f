import { isIPv4, isIPv6 } from "node:net";

/**
 * IPv4 networks that lead anywhere but to the public internet: IANA's special-purpose registry, and
 * the one public address at which a cloud (Azure) serves its machines' metadata.
 */
const RESERVED_IPV4: readonly [network: string, bits: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/**
 * Of IPv6 only `2000::/3` is handed out. What carries an IPv4 address inside (mapped, NAT64), unique
 * local, link-local and multicast addresses lie outside; these parts lie inside and are reserved:
 * protocol assignments (Teredo among them), documentation, 6to4.
 */
const GLOBAL_IPV6: readonly [prefix: number, bits: number] = [0x2000_0000, 3];
const RESERVED_IPV6: readonly [prefix: number, bits: number][] = [
  [0x2001_0000, 23],
  [0x2001_0db8, 32],
  [0x2002_0000, 16],
  [0x3fff_0000, 20],
];

const WORD_BITS = 32;

/**
 * Whether a request to this address leaves for the public internet. Anything that is not plainly an
 * address is not.
 *
 * @example isPublicAddress("169.254.169.254"); // false
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) {
    const word = wordOf(address);
    return !RESERVED_IPV4.some(([network, bits]) => isWithin(word, wordOf(network), bits));
  }
  // A zone (`fe80::1%eth0`) only makes sense on a link.
  if (!isIPv6(address) || address.includes("%")) return false;
  const word = firstWordOf(address);
  return (
    isWithin(word, ...GLOBAL_IPV6) &&
    !RESERVED_IPV6.some(([prefix, bits]) => isWithin(word, prefix, bits))
  );
}

/** Whether an address is that of this machine: `127.0.0.0/8` or `::1`. */
export function isLoopbackAddress(address: string): boolean {
  if (isIPv4(address)) return address.startsWith("127.");
  return isIPv6(address) && /^[0:]+:0*1$/.test(address);
}

function wordOf(ipv4: string): number {
  return ipv4.split(".").reduce((word, part) => word * 256 + Number(part), 0);
}

/** The first 32 bits of an IPv6 address; no network above is longer. */
function firstWordOf(ipv6: string): number {
  const [head = ""] = ipv6.split("::");
  const [first = "", second = ""] = head.split(":");
  return (
    Number.parseInt(first === "" ? "0" : first, 16) * 65_536 +
    Number.parseInt(second === "" ? "0" : second, 16)
  );
}

function isWithin(word: number, network: number, bits: number): boolean {
  const size = 2 ** (WORD_BITS - bits);
  return Math.floor(word / size) === Math.floor(network / size);
}
