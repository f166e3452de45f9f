import createClient, { type Client } from "openapi-fetch";
import type { Problem, paths } from "../../../supabase/functions/_shared/generated/contract.ts";
import { ApiError, ConnectionError } from "./problem.ts";

export type Api = Client<paths>;

interface ApiOptions {
  readonly supabaseUrl: string;
  /** The token of the session; null when there is none. */
  readonly token: () => Promise<string | null>;
  /** The server does not take the session any more. */
  readonly onSessionEnd: (problem: Problem) => void;
}

/** These end a session; another 401 or 403 is about one request. */
const ENDING = new Set(["invalid_token", "token_expired", "session_ended", "account_inactive"]);

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: "about:blank",
    title: "Unexpected answer",
    status: response.status,
    detail: `The server answered ${response.status} in a way this page does not know.`,
    instance: response.url,
    code: "internal_error",
    request_id: response.headers.get("x-request-id") ?? "unknown",
  };
  const body: Partial<Problem> = await response.json().catch(() => ({}));
  return { ...fallback, ...body };
}

/** The operations of the contract; every answer that is no success becomes an ApiError. */
export function createApi({ supabaseUrl, token, onSessionEnd }: ApiOptions): Api {
  const api = createClient<paths>({ baseUrl: `${supabaseUrl}/functions/v1` });
  api.use({
    async onRequest({ request }) {
      const credential = await token();
      if (credential) request.headers.set("Authorization", `Bearer ${credential}`);
      return request;
    },
    async onResponse({ response }) {
      if (response.ok) return undefined;
      const problem = await problemOf(response);
      if (ENDING.has(problem.code)) onSessionEnd(problem);
      throw new ApiError(problem);
    },
    onError() {
      return new ConnectionError();
    },
  });
  return api;
}

interface Answer<Data> {
  readonly data?: Data;
  readonly response: Response;
}

/** The body of a success. */
export function bodyOf<Data>({ data, response }: Answer<Data>): NonNullable<Data> {
  if (data === undefined || data === null) {
    throw new Error(`The answer ${response.status} of ${response.url} has no body.`);
  }
  return data;
}

/** The body of a success with the version it has, for `If-Match`. */
export function versioned<Data>(answer: Answer<Data>): {
  readonly value: NonNullable<Data>;
  readonly etag: string;
} {
  return { value: bodyOf(answer), etag: answer.response.headers.get("etag") ?? "*" };
}
