import type { z } from "zod";
import { readUpTo } from "../../http/read-stream.ts";
import { callProvider, type ProviderRequest } from "../call-provider.ts";
import { ProviderError } from "../kyc-provider.ts";
import type { Multipart } from "./multipart.ts";
import { signRequest } from "./signature.ts";

/** What a signed call needs. */
export type SumsubAccess = {
  readonly url: string;
  readonly appToken: string;
  readonly secretKey: string;
};

/** Calls the vendor with a signature. @throws ProviderError */
export type CallSumsub = <Shape extends z.ZodType>(
  request: {
    readonly method: ProviderRequest["method"];
    /** With its query, as it is signed. */
    readonly path: string;
    readonly json?: unknown;
    readonly form?: Multipart;
  },
  shape: Shape,
) => Promise<z.output<Shape>>;

/** @param now milliseconds since the epoch; tests bring their own */
export function createSumsubClient(
  { url, appToken, secretKey }: SumsubAccess,
  now: () => number,
): CallSumsub {
  return async ({ method, path, json, form }, shape) => {
    const { bytes, contentType } = form ?? serialise(json);
    const seconds = Math.floor(now() / 1_000);
    const signature = signRequest(secretKey, { seconds, method, path, body: bytes });
    return callProvider(
      {
        method,
        url: `${url}${path}`,
        headers: {
          "content-type": contentType,
          "x-app-token": appToken,
          "x-app-access-ts": String(seconds),
          "x-app-access-sig": signature,
        },
        ...(bytes.byteLength > 0 && { bytes }),
      },
      shape,
    );
  };
}

/** The signature covers the bytes, so they are made before sending. */
function serialise(json: unknown): Multipart {
  const text = json === undefined ? "" : JSON.stringify(json);
  return { contentType: "application/json", bytes: new TextEncoder().encode(text) };
}

/** No stored document is larger. */
const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** Reads a stored document by its link. @throws ProviderError: the submission is tried again later */
export async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (cause: unknown) =>
    new ProviderError("unavailable", "A document could not be read from storage.", { cause });
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`Storage answered ${response.status}.`);
    const bytes = await readUpTo(response.body, MAX_DOCUMENT_BYTES + 1);
    if (bytes.byteLength > MAX_DOCUMENT_BYTES) throw new Error("The document is too large.");
    return bytes;
  } catch (cause) {
    throw failed(cause);
  }
}
