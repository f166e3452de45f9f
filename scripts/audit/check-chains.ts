import { createHash } from "node:crypto";
import type { ISql, Sql } from "postgres";
import type { Finding, Head } from "./read-anchors.ts";

type Entry = {
  readonly audit_id: string;
  readonly stream: string;
  readonly sequence: string;
  readonly at_us: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly action: string;
  readonly subject_type: string;
  readonly subject_id: string | null;
  readonly reason_code: string | null;
  readonly request_id: string | null;
  readonly details: string;
  readonly hash: Buffer;
};

/** What a walk over the whole audit has seen. */
export type ChainReport = {
  readonly streams: number;
  readonly entries: number;
  readonly findings: readonly Finding[];
  /** When the oldest entry was made that no anchor covers; `null` when they cover all. */
  readonly unanchoredSince: Date | null;
};

const BATCH = 5_000;
const BEGINNING = Buffer.alloc(32);

function int8(value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** Length first, so that a character cannot move to the next field; -1 for null. */
function field(value: string | null): Buffer {
  const content = Buffer.from(value ?? "");
  const bytes = Buffer.alloc(4 + content.length);
  bytes.writeInt32BE(value === null ? -1 : content.length);
  content.copy(bytes, 4);
  return bytes;
}

function hashOf(before: Buffer, entry: Entry): Buffer {
  const {
    audit_id,
    stream,
    sequence,
    at_us,
    actor_kind,
    actor_id,
    action,
    subject_type,
    subject_id,
  } = entry;
  const { reason_code, request_id, details } = entry;
  const id = Buffer.from(audit_id.replaceAll("-", ""), "hex");
  const own = [id, field(stream), int8(sequence), int8(at_us)];
  const others = [
    actor_kind,
    actor_id,
    action,
    subject_type,
    subject_id,
    reason_code,
    request_id,
    details,
  ];
  return createHash("sha256")
    .update(Buffer.concat([before, ...own, ...others.map(field)]))
    .digest();
}

/** Finds the oldest entry behind the ends that anchors name. */
function createWatch(anchored: readonly Head[]) {
  const covered = new Map<string, number>();
  for (const [stream, sequence] of anchored) {
    covered.set(stream, Math.max(sequence, covered.get(stream) ?? 0));
  }
  let oldestMs = Number.POSITIVE_INFINITY;
  return {
    note({ stream, sequence, at_us }: Entry): void {
      if (Number(sequence) <= (covered.get(stream) ?? 0)) return;
      oldestMs = Math.min(oldestMs, Number(at_us) / 1_000);
    },
    since: (): Date | null => (Number.isFinite(oldestMs) ? new Date(oldestMs) : null),
  };
}

/** Checks the audit while it is written to: everything is read from one snapshot. See {@link checkChains}. */
export async function checkAudit(sql: Sql, anchored: readonly Head[]): Promise<ChainReport> {
  const { report } = await sql.begin("isolation level repeatable read read only", async (tx) => ({
    report: await checkChains(tx, anchored),
  }));
  return report;
}

/**
 * Computes every chain anew, in this process: whoever can change the audit can also change the
 * functions of the database that check it. Compares the ends with the heads, and with anchors.
 */
export async function checkChains(sql: ISql, anchored: readonly Head[]): Promise<ChainReport> {
  const findings: Finding[] = [];
  const wanted = new Map(anchored.map((head) => [`${head[0]} ${head[1]}`, head]));
  // Of one length, two anchors name two hashes: at least one of them will not be met.
  const conflicting = anchored.filter(
    (head) => wanted.get(`${head[0]} ${head[1]}`)?.[2] !== head[2],
  );
  const ends = new Map<string, { sequence: bigint; hash: Buffer }>();
  const watch = createWatch(anchored);
  let entries = 0;
  const cursor = sql<Entry[]>`
    select audit_id, stream, sequence::text, (extract(epoch from at) * 1000000)::bigint::text as at_us, actor_kind, actor_id,
      action, subject_type, subject_id, reason_code, request_id, details, hash
    from private.audit_log as entry order by entry.stream collate "C", entry.sequence`.cursor(
    BATCH,
  );
  for await (const batch of cursor) {
    for (const entry of batch) {
      entries += 1;
      watch.note(entry);
      const where = `${entry.stream} ${entry.sequence}`;
      const before = ends.get(entry.stream) ?? { sequence: 0n, hash: BEGINNING };
      if (BigInt(entry.sequence) !== before.sequence + 1n) {
        findings.push({ where, what: "entries before this one are missing" });
      } else if (!hashOf(before.hash, entry).equals(entry.hash)) {
        findings.push({ where, what: "was changed" });
      }
      if (wanted.get(where)?.[2] === entry.hash.toString("hex")) wanted.delete(where);
      ends.set(entry.stream, { sequence: BigInt(entry.sequence), hash: entry.hash });
    }
  }
  findings.push(...(await headFindings(sql, ends)));
  for (const [stream, sequence] of [...wanted.values(), ...conflicting]) {
    findings.push({ where: `${stream} ${sequence}`, what: "is not what an anchor says" });
  }
  return { streams: ends.size, entries, findings, unanchoredSince: watch.since() };
}

/** Four times what the worker takes by default. */
const LATE_MS = 3_600_000;

/** Whoever stops the making of anchors could rewrite everything from then on. */
export function lateFindings(since: Date | null, now = Date.now()): Finding[] {
  if (since === null || now - since.getTime() < LATE_MS) return [];
  return [{ where: "anchors", what: `none covers what was recorded since ${since.toISOString()}` }];
}

async function headFindings(
  sql: ISql,
  ends: ReadonlyMap<string, { sequence: bigint; hash: Buffer }>,
): Promise<Finding[]> {
  const heads = await sql<{ stream: string; sequence: string; hash: Buffer }[]>`
    select stream, sequence::text, hash from private.audit_heads`;
  const left = new Map(ends);
  const findings: Finding[] = [];
  for (const { stream, sequence, hash } of heads) {
    const end = left.get(stream);
    left.delete(stream);
    if (end?.sequence !== BigInt(sequence) || !end.hash.equals(hash)) {
      findings.push({ where: `${stream} ${sequence}`, what: "does not end as its head says" });
    }
  }
  for (const [stream, { sequence }] of left) {
    findings.push({ where: `${stream} ${sequence}`, what: "has no head" });
  }
  return findings;
}
