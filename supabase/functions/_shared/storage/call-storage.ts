import { z } from "zod";
import { ApiError } from "../errors.ts";

const TIMEOUT_MS = 10_000;

const storageError = z.object({ statusCode: z.coerce.number() });

/**
 * Calls Supabase Storage, within a time that covers the answer to its last byte.
 *
 * @throws ApiError `service_unavailable` when there is no answer
 */
export function callStorage(url: string, init: RequestInit): Promise<Response> {
  return request(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

/** Like {@link callStorage}, for files that may take long: only the beginning has to be in time. */
export async function openStorage(url: string, init: RequestInit): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  const response = await request(url, { ...init, signal: limit.signal });
  clearTimeout(timer);
  return response;
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new ApiError("service_unavailable", { cause });
  }
}

/** Trouble of Storage's own may pass; any other refusal means that we asked for the wrong thing. */
export function requireOk(response: Response): Response {
  if (response.ok) return response;
  const cause = new Error(`Storage answered ${response.status}.`);
  if (response.status >= 500 || response.status === 429) {
    throw new ApiError("service_unavailable", { cause });
  }
  throw cause;
}

/** What Storage means: it keeps 400 as the HTTP status and says the real one in the body. */
export async function readStorageStatus(response: Response): Promise<number> {
  const body: unknown = await response.json();
  return storageError.parse(body).statusCode;
}
