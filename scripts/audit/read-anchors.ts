import { createHash } from "node:crypto";
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { z } from "zod";

/** The end of a chain: its name, its length, the hash of its last entry. */
export type Head = readonly [stream: string, sequence: number, hash: string];

/** Something that does not hold, in words. */
export type Finding = { readonly where: string; readonly what: string };

/** What a set of anchors says. */
export type AnchorReport = {
  /** Every end that any of them names. */
  readonly heads: readonly Head[];
  /** Number of the newest one; 0 without any. */
  readonly newest: number;
  readonly findings: readonly Finding[];
};

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const anchor = z.object({
  version: z.literal(1),
  number: z.int().min(1),
  previous: hash.nullable(),
  at: z.iso.datetime(),
  heads: z.array(z.tuple([z.string(), z.int().min(1), hash])),
  complete: z.boolean(),
  streams: z.int().nullable(),
  digest: hash.nullable(),
});
type Anchor = z.output<typeof anchor>;

const TYPE = "audit-anchor+jws";
const ALGORITHMS = ["EdDSA", "ES256"];

const sha256 = (data: string | Buffer) => createHash("sha256").update(data);

/**
 * Checks anchors by themselves: each signature, that each names the one before, that none is missing,
 * and that all of them together add up to the digest of each complete one.
 *
 * @param documents as they were stored, in any order
 * @param keys public keys, each with its `kid`
 */
export async function readAnchors(
  documents: readonly string[],
  keys: JSONWebKeySet,
): Promise<AnchorReport> {
  const findings: Finding[] = [];
  const read: { anchor: Anchor; sha256: string }[] = [];
  for (const document of documents) {
    const result = await open(document.trim(), keys);
    if ("what" in result) findings.push(result);
    else read.push({ anchor: result, sha256: sha256(document.trim()).digest("hex") });
  }
  read.sort((a, b) => a.anchor.number - b.anchor.number);
  findings.push(...linkFindings(read), ...digestFindings(read.map((one) => one.anchor)));
  return {
    heads: read.flatMap((one) => one.anchor.heads),
    newest: read.at(-1)?.anchor.number ?? 0,
    findings,
  };
}

async function open(document: string, keys: JSONWebKeySet): Promise<Anchor | Finding> {
  try {
    const { payload, protectedHeader } = await compactVerify(document, createLocalJWKSet(keys), {
      algorithms: ALGORITHMS,
    });
    if (protectedHeader.typ !== TYPE) return { where: nameOf(document), what: "is no anchor" };
    return anchor.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (error) {
    const isForged =
      error instanceof errors.JWSSignatureVerificationFailed ||
      error instanceof errors.JWKSNoMatchingKey;
    return {
      where: nameOf(document),
      what: isForged ? "is not signed with any of the keys" : "cannot be read",
    };
  }
}

/** What to call an anchor whose number cannot be trusted. */
const nameOf = (document: string) =>
  `anchor with sha256 ${sha256(document).digest("hex").slice(0, 16)}`;

function linkFindings(read: readonly { anchor: Anchor; sha256: string }[]): Finding[] {
  const findings: Finding[] = [];
  let before: { number: number; sha256: string | null } = { number: 0, sha256: null };
  for (const { anchor: one, sha256: own } of read) {
    const where = `anchor ${one.number}`;
    if (one.number === before.number) findings.push({ where, what: "exists twice" });
    else if (one.number !== before.number + 1) {
      findings.push({ where, what: `the ${one.number - before.number - 1} before it are missing` });
    } else if (one.previous !== before.sha256) {
      findings.push({ where, what: "names another anchor before it" });
    }
    before = { number: one.number, sha256: own };
  }
  return findings;
}

/** One hash per end, in the order of the bytes of the names: as private.audit_anchor_begin does. */
function digestOf(ends: ReadonlyMap<string, Head>): string {
  const names = [...ends.keys()].map((name) => Buffer.from(name)).sort(Buffer.compare);
  const whole = createHash("sha256");
  for (const name of names)
    whole.update(sha256((ends.get(name.toString()) ?? []).join(" ")).digest());
  return whole.digest("hex");
}

function digestFindings(anchors: readonly Anchor[]): Finding[] {
  const findings: Finding[] = [];
  const ends = new Map<string, Head>();
  for (const one of anchors) {
    for (const head of one.heads) ends.set(head[0], head);
    if (!one.complete) continue;
    const where = `anchor ${one.number}`;
    if (one.streams !== ends.size) {
      const what = `the audit had ${one.streams} chains, the anchors up to here know ${ends.size}`;
      findings.push({ where, what });
    } else if (one.digest !== digestOf(ends)) {
      findings.push({
        where,
        what: "the ends of the chains were other than the anchors up to here say",
      });
    }
  }
  return findings;
}
