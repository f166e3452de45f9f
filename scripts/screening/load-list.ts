import { createHash, randomUUID } from "node:crypto";
import type postgres from "postgres";
import { z } from "zod";
import { ListError } from "./list-error.ts";
import { type ListEntry, ListReader } from "./read-list.ts";

export const LIST_KINDS = ["sanctions", "pep", "adverse_media"] as const;
export type ListKind = (typeof LIST_KINDS)[number];

/** A list to load. */
export interface ListSource {
  /** Opens it from its beginning; it is read twice. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Where it came from, for the record. */
  readonly source: string;
  /** What we call it. */
  readonly list: string;
  readonly kind: ListKind;
  /** Whether it may lose more than half of its entries. */
  readonly allowShrink?: boolean;
}

export interface LoadEvents {
  readonly progress?: (entries: number) => void;
  readonly warn?: (message: string) => void;
}

const Applied = z.object({
  list: z.string(),
  version: z.string(),
  total: z.number(),
  added: z.number(),
  changed: z.number(),
  removed: z.number(),
  unchanged: z.number(),
  reopened: z.number(),
});

/** What became of a list; `applied` is null when the same file is in force already. */
export interface LoadResult {
  readonly applied: z.output<typeof Applied> | null;
  readonly skipped: number;
}

const BATCH = 500;

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

async function* inBatches(entries: AsyncIterable<ListEntry>): AsyncGenerator<ListEntry[]> {
  let batch: ListEntry[] = [];
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Loads a list in one transaction: until it commits, everybody is screened against the old version, and
 * whatever goes wrong leaves that in force. The same file again changes nothing.
 *
 * @throws ListError for a file that is no list or a list that is refused
 */
export async function loadList(
  sql: postgres.Sql,
  given: ListSource,
  { progress = () => {}, warn = () => {} }: LoadEvents = {},
): Promise<LoadResult> {
  const sha256 = await hashOf(given.open());
  const [same] = await sql`
    select from private.screening_lists
    where list_name = ${given.list} and kind = ${given.kind} and content_sha256 = ${sha256}`;
  if (same) return { applied: null, skipped: 0 };

  const reader = new ListReader(given.open(), warn);
  const loadId = randomUUID();
  return sql.begin(async (tx) => {
    // A long list takes longer than the platform lets a statement run.
    await tx`set local statement_timeout = 0`;
    let read = 0;
    for await (const batch of inBatches(reader.entries())) {
      const staged = batch.map((entry) => ({ kind: given.kind, ...entry }));
      await tx`select private.screening_stage(${loadId}, ${tx.json(JSON.parse(JSON.stringify(staged)))})`;
      read += batch.length;
      progress(read);
    }
    const version = reader.version ?? sha256.slice(0, 12);
    const [row] = await tx`
      select private.screening_apply(${loadId}, ${given.list}, ${given.kind}, ${given.source}, ${version},
        ${sha256}, ${given.allowShrink ?? false}) as applied`.catch(refused);
    return { applied: Applied.parse(row?.applied), skipped: reader.skipped };
  });
}

/** What the database refuses by a rule of ours is a fault of the list; anything else is not. */
function refused(error: unknown): never {
  const { code, message } = z.object({ code: z.string(), message: z.string() }).parse(error);
  if (code !== "NF001") throw error;
  throw new ListError(`${message} Give --allow-shrink if that is right.`);
}
