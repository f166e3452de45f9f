import { SERVICE } from "../../_shared/auth/principal.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import type { WorkerDeps } from "../deps.ts";

/** A file of an export: where it lies in the bucket, and its name in the archive. */
export type ExportFile = { readonly path: string; readonly name: string };

/** An export that this worker holds; see `private.claim_export`. */
export type Claim = {
  readonly export_id: string;
  readonly lease_id: string;
  readonly user_id: string;
  readonly sections: readonly string[];
  readonly files: readonly { document_id: string; path: string; name: string }[];
  /** Sentences that say what an export does not show, and why. */
  readonly left_out: readonly string[];
  /** What has been written before. */
  readonly done: Readonly<Record<string, readonly ExportFile[]>>;
};

/** What writing a step needs. */
export type Writing = {
  readonly deps: Pick<WorkerDeps, "buckets">;
  readonly transaction: RunTransaction;
};

/** Auth's log has no index that helps to find a person's lines. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** Rows that are read at a time, and the size at which a file is full. */
const ROWS = 500;
const MAX_PART_BYTES = 4 * 1024 * 1024;
const DATA = "data:";
const FILE = "file:";
const CONTENTS = "contents";

/** The steps of an export, in their order; the last one says what the others have written. */
export function stepsOf({ sections, files }: Claim): string[] {
  return [
    ...sections.map((section) => `${DATA}${section}`),
    ...files.map(({ document_id }) => `${FILE}${document_id}`),
    CONTENTS,
  ];
}

/**
 * Writes one step of an export to Storage. Doing it again writes the same files.
 *
 * @param before the files of the steps before
 */
export function writeStep(
  writing: Writing,
  claim: Claim,
  step: string,
  before: readonly ExportFile[],
): Promise<readonly ExportFile[]> {
  if (step.startsWith(DATA)) return writeSection(writing, claim, step.slice(DATA.length));
  if (step.startsWith(FILE)) return copyFile(writing, claim, step.slice(FILE.length));
  return writeContents(writing, claim, before);
}

/** Writes the rows of a section: a file with a JSON array, and more files where there is more. */
async function writeSection(
  { deps: { buckets }, transaction }: Writing,
  { export_id, lease_id }: Claim,
  section: string,
): Promise<readonly ExportFile[]> {
  return transaction(SERVICE, async (tx) => {
    const files: ExportFile[] = [];
    let rows: string[] = [];
    let bytes = 0;
    const flush = async () => {
      const suffix = files.length === 0 ? "" : `-${files.length + 1}`;
      const file = {
        path: `${export_id}/data-${section}${suffix}.json`,
        name: `data/${section}${suffix}.json`,
      };
      await writeJson(buckets, file.path, `[\n${rows.join(",\n")}\n]\n`);
      files.push(file);
      rows = [];
      bytes = 0;
    };
    await tx`select set_config('statement_timeout', ${String(STATEMENT_TIMEOUT_MS)}, true)`;
    const batches = tx<{ row: string }[]>`
      select row from private.export_rows(${export_id}, ${lease_id}, ${section}) as row
    `.cursor(ROWS);
    for await (const batch of batches) {
      for (const { row } of batch) {
        rows.push(row);
        bytes += row.length;
        if (bytes >= MAX_PART_BYTES) await flush();
      }
    }
    if (rows.length > 0 || files.length === 0) await flush();
    return files;
  });
}

/** Copies a document inside of Storage; one whose time has come meanwhile is left out. */
async function copyFile(
  { deps: { buckets } }: Writing,
  { export_id, files }: Claim,
  documentId: string,
): Promise<readonly ExportFile[]> {
  const file = files.find(({ document_id }) => document_id === documentId);
  if (!file) return [];
  const path = `${export_id}/file-${documentId}`;
  const isThere = await buckets.copyDocument(file.path, path);
  return isThere ? [{ path, name: file.name }] : [];
}

async function writeContents(
  { deps: { buckets } }: Writing,
  { export_id, user_id, left_out }: Claim,
  before: readonly ExportFile[],
): Promise<readonly ExportFile[]> {
  const names = before.map(({ name }) => name).sort();
  const contents = {
    export_id,
    user_id,
    made_at: new Date().toISOString(),
    data: names.filter((name) => name.startsWith("data/")),
    files: names.filter((name) => name.startsWith("files/")),
    left_out,
  };
  const path = `${export_id}/contents.json`;
  await writeJson(buckets, path, `${JSON.stringify(contents, null, 2)}\n`);
  return [{ path, name: "contents.json" }];
}

function writeJson(buckets: WorkerDeps["buckets"], path: string, text: string): Promise<void> {
  return buckets.writeExport(path, new TextEncoder().encode(text), "application/json");
}
