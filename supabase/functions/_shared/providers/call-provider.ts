import type { z } from "zod";
import { readUpTo } from "../http/read-stream.ts";
import { ProviderError } from "./kyc-provider.ts";

/** One request to a provider. */
export type ProviderRequest = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as they are, in place of a body, with the content type of the headers. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
};

const TIMEOUT_MS = 10_000;
/** An answer is a few kilobytes; a provider that sends more is broken or not the provider. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const WORTH_A_RETRY = new Set([408, 425, 429]);

/**
 * Calls a provider and sorts what can go wrong into what it means for the next try. Redirects are
 * not followed: they would carry the applicant's data and our key to another address.
 *
 * @param shape of a success; an answer that does not have it is as good as none
 * @throws ProviderError
 */
export async function callProvider<Shape extends z.ZodType>(
  { method, url, headers, body, bytes: sent }: ProviderRequest,
  shape: Shape,
): Promise<z.output<Shape>> {
  const response = await fetch(url, {
    method,
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(sent !== undefined && { body: sent }),
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw noAnswer(cause);
  });
  const bytes = await readUpTo(response.body, MAX_ANSWER_BYTES).catch((cause: unknown) => {
    throw noAnswer(cause);
  });
  const { status } = response;
  if (!response.ok) {
    const mayPass = WORTH_A_RETRY.has(status) || status < 400 || status >= 500;
    throw new ProviderError(
      mayPass ? "unavailable" : "refused",
      `The provider answered ${status}.`,
      {
        status,
        retryAfterSeconds: retryAfter(response.headers.get("retry-after")),
      },
    );
  }
  const result = shape.safeParse(parse(bytes));
  if (!result.success) {
    throw new ProviderError("unavailable", "The provider's answer cannot be read.", {
      status,
      cause: result.error,
    });
  }
  return result.data;
}

function noAnswer(cause: unknown): ProviderError {
  const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
  return new ProviderError(
    isTimeout ? "timeout" : "unavailable",
    isTimeout ? "The provider did not answer in time." : "The provider cannot be reached.",
    { cause },
  );
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000));
}
