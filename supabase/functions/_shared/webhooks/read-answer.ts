/** What counts of an answer. */
export type AnswerHead = {
  readonly status: number;
  /** `Retry-After` as it came. */
  readonly retryAfter: string | null;
};

/** Bytes that are no HTTP/1.1 answer, or too many of them. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

type Framing = { kind: "none" | "chunked" | "close" } | { kind: "length"; bytes: number };

const MAX_HEAD_BYTES = 16_384;
/** Nobody reads the body; this much is taken so that the receiver can finish its sentence. */
const MAX_BODY_BYTES = 65_536;
const MAX_INTERIM = 5;
/** Of a body that comes in crumbs, no more are swept up: each costs a look at all the others. */
const MAX_BODY_PARTS = 100;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/**
 * Reads an HTTP/1.1 answer (RFC 9112) as its bytes come. The head decides; it has to be well formed,
 * without what parsers disagree about: folded lines, two lengths, an unknown transfer coding. The body is only
 * followed to its end.
 */
export function createAnswerReader() {
  let bytes = new Uint8Array(0);
  let head: AnswerHead | null = null;
  let framing: Framing = { kind: "close" };
  let interim = 0;
  /** Bytes that hold no end of a head. */
  let scanned = 0;
  let parts = 0;

  const readHead = () => {
    const end = endOfHead(bytes, scanned);
    scanned = Math.max(0, bytes.byteLength - 3);
    if ((end < 0 ? bytes.byteLength : end) > MAX_HEAD_BYTES) throw new AnswerError("too long");
    if (end < 0) return false;
    const { status, headers } = parseHead(bytes.subarray(0, end));
    bytes = bytes.slice(end + 4);
    scanned = 0;
    if (status < 200) {
      interim += 1;
      if (status === 101 || interim > MAX_INTERIM) throw new AnswerError("unexpected");
      return true;
    }
    framing = framingOf(status, headers);
    head = { status, retryAfter: headers.get("retry-after")?.[0] ?? null };
    return false;
  };

  return {
    /** `null` until the head is whole. */
    head: (): AnswerHead | null => head,
    /**
     * @returns whether there is nothing more to wait for
     * @throws AnswerError
     */
    push(chunk: Uint8Array): boolean {
      bytes = concatenate(bytes, chunk);
      while (head === null && readHead()) {
        // An interim answer was passed over.
      }
      if (head === null) return false;
      parts += 1;
      return parts > MAX_BODY_PARTS || bytes.byteLength > MAX_BODY_BYTES || isWhole(framing, bytes);
    },
  };
}

function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 3 < bytes.byteLength && at <= MAX_HEAD_BYTES; at += 1) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) {
      return at;
    }
  }
  return -1;
}

function parseHead(bytes: Uint8Array): { status: number; headers: Map<string, string[]> } {
  const [first = "", ...lines] = String.fromCharCode(...bytes).split("\r\n");
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1];
  if (status === undefined) throw new AnswerError("no status line");
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value = ""] = HEADER.exec(line) ?? [];
    if (name === undefined) throw new AnswerError("malformed header");
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return { status: Number(status), headers };
}

function framingOf(status: number, headers: ReadonlyMap<string, readonly string[]>): Framing {
  const codings = headers.get("transfer-encoding");
  const lengths = headers.get("content-length");
  if (codings && lengths) throw new AnswerError("two lengths");
  if (codings && codings.join(",").toLowerCase() !== "chunked") throw new AnswerError("coding");
  const length = lengths?.[0] ?? "";
  if (lengths && (lengths.length > 1 || !/^\d{1,15}$/.test(length))) {
    throw new AnswerError("malformed length");
  }
  if (status === 204 || status === 304) return { kind: "none" };
  if (codings) return { kind: "chunked" };
  return lengths ? { kind: "length", bytes: Number(length) } : { kind: "close" };
}

function isWhole(framing: Framing, body: Uint8Array): boolean {
  switch (framing.kind) {
    case "none":
      return true;
    case "length":
      return body.byteLength >= framing.bytes;
    case "chunked":
      return isChunkedWhole(String.fromCharCode(...body));
    case "close":
      return false;
  }
}

/** Whether chunks have come to their end, or to something that is no chunk. */
function isChunkedWhole(body: string): boolean {
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    if (end < 0) return body.length - at > 1_024;
    const size = /^([0-9a-fA-F]{1,8})(?:[\t ]*;.*)?$/.exec(body.slice(at, end))?.[1];
    if (size === undefined) return true;
    // Behind the last chunk come trailers, each a line, and an empty line.
    if (Number.parseInt(size, 16) === 0) return body.indexOf("\r\n\r\n", end) >= 0;
    at = end + 2 + Number.parseInt(size, 16);
    if (at + 2 > body.length) return false;
    if (body.slice(at, at + 2) !== "\r\n") return true;
    at += 2;
  }
}

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(left.byteLength + right.byteLength);
  bytes.set(left);
  bytes.set(right, left.byteLength);
  return bytes;
}
