import { z } from "zod";

/** One message of the Phoenix channel protocol, whatever form it travels in. */
export interface Frame {
  /** The join that this belongs to; tells apart two joins of one topic. */
  readonly joinRef: string | null;
  /** What a reply answers; null in what nobody asked for. */
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A form of the protocol, as the client asks for it by `vsn`. */
export interface Codec {
  encode(frame: Frame): string | Uint8Array;
  /** Undefined when it is no frame. */
  decode(data: Buffer, isBinary: boolean): Frame | undefined;
}

const ref = z.string().nullish().default(null);
const payload = z.record(z.string(), z.unknown()).catch({});

const objectForm = z
  .object({ topic: z.string(), event: z.string(), payload, ref, join_ref: ref })
  .transform(({ join_ref, ...frame }) => ({ ...frame, joinRef: join_ref }));

const arrayForm = z
  .tuple([ref, ref, z.string(), z.string(), payload])
  .transform(([joinRef, own, topic, event, body]) => ({
    joinRef,
    ref: own,
    topic,
    event,
    payload: body,
  }));

function read<Shape extends z.ZodType<Frame>>(text: string, shape: Shape): Frame | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Version 1.0.0: one JSON object per message. */
const objects: Codec = {
  encode: ({ topic, event, payload: body, ref: own }) =>
    JSON.stringify({ topic, event, payload: body, ref: own }),
  decode: (data, isBinary) => (isBinary ? undefined : read(data.toString(), objectForm)),
};

/** The first byte of a binary message; what it is. */
const KIND = { broadcastFromClient: 3, broadcastToClient: 4 } as const;
const JSON_ENCODING = 1;
/** Lengths in a header are one byte each. */
const MAX_FIELD_BYTES = 255;

const bytes = (text: string) => new TextEncoder().encode(text);

const broadcast = z.object({
  event: z.string(),
  payload: z.unknown(),
  meta: z.record(z.string(), z.unknown()).optional(),
});

/** Null when a field is too long for the header. */
function binaryBroadcast({ topic, payload: body }: Frame): Uint8Array | null {
  const { event, payload: content, meta } = broadcast.parse(body);
  const fields = [bytes(topic), bytes(event), bytes(meta ? JSON.stringify(meta) : "")];
  if (fields.some(({ length }) => length > MAX_FIELD_BYTES)) return null;
  const header = [KIND.broadcastToClient, ...fields.map(({ length }) => length), JSON_ENCODING];
  return Buffer.concat([Buffer.from(header), ...fields, bytes(JSON.stringify(content ?? null))]);
}

/** Reads fields of the lengths that a header gives, one after the other. */
function slices(data: Buffer, start: number, lengths: readonly number[]): readonly Buffer[] {
  let from = start;
  return lengths.map((length) => {
    const part = data.subarray(from, from + length);
    from += length;
    return part;
  });
}

function decodeBroadcast(data: Buffer): Frame | undefined {
  const [kind, ...lengths] = data.subarray(0, 6);
  // Content that is not JSON has no receiver here.
  if (kind !== KIND.broadcastFromClient || data[6] !== JSON_ENCODING) return undefined;
  const parts = slices(data, 7, lengths).map(String);
  const [joinRef = "", own = "", topic = "", event = ""] = parts;
  const used = 7 + lengths.reduce((sum, length) => sum + length, 0);
  const content = data.subarray(used).toString();
  try {
    const body = { type: "broadcast", event, payload: JSON.parse(content) };
    return { joinRef, ref: own || null, topic, event: "broadcast", payload: body };
  } catch {
    return undefined;
  }
}

/** Version 2.0.0: one JSON array per message; broadcasts have a binary form. */
const arrays: Codec = {
  encode(frame) {
    const binary = frame.event === "broadcast" ? binaryBroadcast(frame) : null;
    if (binary) return binary;
    return JSON.stringify([frame.joinRef, frame.ref, frame.topic, frame.event, frame.payload]);
  },
  decode: (data, isBinary) => (isBinary ? decodeBroadcast(data) : read(data.toString(), arrayForm)),
};

/** The form for a `vsn`; the oldest where none is given, undefined for one that is not known. */
export function codecOf(vsn: string | null): Codec | undefined {
  if (vsn === null || vsn === "1.0.0") return objects;
  return vsn === "2.0.0" ? arrays : undefined;
}
