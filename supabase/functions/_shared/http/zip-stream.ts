import { Zip, ZipPassThrough } from "fflate";

/** A file that goes into an archive. */
export type ArchiveFile = {
  /** With `/` between folders. */
  readonly name: string;
  /** Opened when its turn comes. `null`: it has gone, and is left out. */
  open(): Promise<ReadableStream<Uint8Array> | null>;
};

/**
 * Makes a ZIP archive while it is read, one file after the other, so that its size needs no memory.
 * Nothing is compressed: pictures are, and text is small.
 *
 * @param modifiedAt the date of all files in the archive
 */
export function zipStream(
  files: readonly ArchiveFile[],
  modifiedAt: Date,
): ReadableStream<Uint8Array> {
  const parts = zipParts(files, modifiedAt);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

async function* zipParts(
  files: readonly ArchiveFile[],
  modifiedAt: Date,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    ready.push(part);
  });
  for (const { name, open } of files) {
    const stream = await open();
    if (stream === null) continue;
    const entry = new ZipPassThrough(name);
    entry.mtime = modifiedAt;
    zip.add(entry);
    const reader = stream.getReader();
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        entry.push(part.value);
        yield* ready.splice(0);
      }
    } finally {
      await reader.cancel();
    }
    entry.push(new Uint8Array(0), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}
