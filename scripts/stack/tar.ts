const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

function textField(header: Uint8Array, start: number, length: number): string {
  const text = new TextDecoder().decode(header.subarray(start, start + length));
  const end = text.indexOf("\0");
  return (end === -1 ? text : text.slice(0, end)).trim();
}

/**
 * The regular files of an uncompressed ustar archive. Long-name extensions are not read: the only
 * archive this is for has names under 100 characters, and another one would fail the lookup of its
 * files instead of passing silently.
 */
export function* readTarEntries(archive: Uint8Array): Generator<TarEntry> {
  let offset = 0;
  while (offset + BLOCK <= archive.length) {
    const header = archive.subarray(offset, offset + BLOCK);
    const name = textField(header, 0, 100);
    if (name === "") return;
    const size = Number.parseInt(textField(header, 124, 12) || "0", 8);
    const type = textField(header, 156, 1);
    const prefix = textField(header, 345, 155);
    const start = offset + BLOCK;
    if (type === "0" || type === "") {
      yield {
        name: prefix === "" ? name : `${prefix}/${name}`,
        content: archive.subarray(start, start + size),
      };
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}
