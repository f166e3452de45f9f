import type { StorageContext } from "./context.ts";
import type { ObjectMetadata, ObjectRow } from "./database.ts";
import { noSuchKey, StorageError } from "./errors.ts";

/** `bytes=0-99`; anything more complicated gets the whole object, which RFC 9110 allows. */
function rangeOf(header: string | null, size: number) {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || start > end) {
    throw new StorageError(416, "InvalidRange", "invalid range provided", "invalid_range");
  }
  return { start, end };
}

function headersOf(metadata: ObjectMetadata, download: string | null): Headers {
  const headers = new Headers({
    "Content-Type": metadata.mimetype,
    "Cache-Control": metadata.cacheControl,
    ETag: metadata.eTag,
    "Last-Modified": new Date(metadata.lastModified).toUTCString(),
    "Accept-Ranges": "bytes",
    "X-Robots-Tag": "none",
    "X-Content-Type-Options": "nosniff",
  });
  if (download !== null) {
    const name = download === "" ? "" : `; filename*=UTF-8''${encodeURIComponent(download)}`;
    headers.set("Content-Disposition", `attachment${name}`);
  }
  return headers;
}

/** The stored bytes as an answer, with conditional and range requests. */
export function downloadResponse(
  { files }: StorageContext,
  request: Request,
  { metadata, version }: ObjectRow,
): Response {
  if (!metadata || version === null) throw noSuchKey();
  const download = new URL(request.url).searchParams.get("download");
  const headers = headersOf(metadata, download);
  if (request.headers.get("if-none-match") === metadata.eTag) {
    return new Response(null, { status: 304, headers });
  }
  const range = rangeOf(request.headers.get("range"), metadata.size);
  headers.set("Content-Length", String(range ? range.end - range.start + 1 : metadata.size));
  if (range) headers.set("Content-Range", `bytes ${range.start}-${range.end}/${metadata.size}`);
  const body = request.method === "HEAD" || metadata.size === 0 ? null : files.read(version, range);
  return new Response(body, { status: range ? 206 : 200, headers });
}
