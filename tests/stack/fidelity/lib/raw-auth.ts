import type { z } from "zod";
import { type Platform, PUBLISHABLE_KEY, SECRET_KEY } from "./platform.ts";

export interface RawRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly bearer?: string;
  /** Without it Auth answers in the form of its first version. */
  readonly apiVersion?: string | null;
  readonly headers?: Record<string, string>;
}

/** Calls Auth without supabase-js, which hides parts of the answers. */
export async function callAuth(
  platform: Pick<Platform, "url">,
  path: string,
  {
    method,
    body,
    key = PUBLISHABLE_KEY,
    bearer,
    apiVersion = "2024-01-01",
    headers,
  }: RawRequest = {},
): Promise<Response> {
  return fetch(`${platform.url}/auth/v1${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    redirect: "manual",
    headers: {
      apikey: key,
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(apiVersion === null ? {} : { "x-supabase-api-version": apiVersion }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export const callAdmin = (
  platform: Pick<Platform, "url">,
  path: string,
  request: RawRequest = {},
) => callAuth(platform, path, { key: SECRET_KEY, ...request });

export async function parsed<Schema extends z.ZodType>(
  response: Response,
  schema: Schema,
): Promise<z.output<Schema>> {
  return schema.parse(await response.json());
}
