import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { tooLarge } from "./errors.ts";

interface StoredFile {
  /** Names the bytes; a new upload of the same object gets a new one. */
  readonly version: string;
  readonly size: number;
  readonly md5: string;
}

export interface FileStore {
  /** Writes a stream and stops, without a trace, when it grows over the limit. */
  write(body: AsyncIterable<Uint8Array>, limit: number): Promise<StoredFile>;
  read(version: string, range?: { readonly start: number; readonly end: number }): ReadableStream;
  copy(version: string): Promise<string>;
  remove(version: string | null): Promise<void>;
}

const isVersion = (text: string) => /^[0-9a-f-]{36}$/.test(text);

/**
 * Stored bytes as files that are named by their version, never by what a client called them: no name
 * can lead out of the folder.
 */
export function createFileStore(folder: string): FileStore {
  const place = (version: string) => {
    if (!isVersion(version)) throw new Error("not a stored version");
    return join(folder, version.slice(0, 2), version);
  };
  const newPlace = async () => {
    const version = randomUUID();
    await mkdir(join(folder, version.slice(0, 2)), { recursive: true });
    return { version, path: place(version) };
  };

  return {
    async write(body, limit) {
      const { version, path } = await newPlace();
      const hash = createHash("md5");
      const file = createWriteStream(path, { flags: "wx" });
      let size = 0;
      try {
        for await (const chunk of body) {
          size += chunk.byteLength;
          if (size > limit) throw tooLarge();
          hash.update(chunk);
          if (!file.write(chunk)) await once(file, "drain");
        }
        file.end();
        await finished(file);
      } catch (error) {
        file.destroy();
        await rm(path, { force: true });
        throw error;
      }
      return { version, size, md5: hash.digest("hex") };
    },
    read(version, range) {
      const stream = createReadStream(place(version), range);
      const chunks = stream[Symbol.asyncIterator]();
      return new ReadableStream({
        async pull(controller) {
          const next = await chunks.next();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        },
        cancel: () => {
          stream.destroy();
        },
      });
    },
    async copy(version) {
      const target = await newPlace();
      await copyFile(place(version), target.path);
      return target.version;
    },
    async remove(version) {
      if (version !== null && isVersion(version)) await rm(place(version), { force: true });
    },
  };
}

/** A web stream, or bytes, as something to iterate over. */
export async function* chunksOf(
  body: ReadableStream<Uint8Array> | Uint8Array | null,
): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield* Readable.from([body]);
    return;
  }
  if (!body) return;
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
