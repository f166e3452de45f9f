import type { Context } from "hono";
import { z } from "zod";
import type { Client } from "./context.ts";
import { badRequest, validationFailed } from "./errors.ts";

/** What the gateway knows of a request and the handlers need. */
export interface AuthBindings {
  /** What the request's API key stands for. */
  readonly keyRole: string | undefined;
  readonly peer: string;
}

export type AuthRequest = Context<{ Bindings: AuthBindings }>;

export function clientOf(c: AuthRequest): Client {
  return { ip: c.env.peer, userAgent: c.req.header("user-agent") ?? "" };
}

const firstIssue = (error: z.ZodError) => {
  const issue = error.issues[0];
  return issue ? `${issue.path.join(".")}: ${issue.message}` : "invalid body";
};

/** The JSON body; none at all counts as an empty object, as in Supabase Auth. */
export async function readBody<Schema extends z.ZodType>(
  c: AuthRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw badRequest("bad_json", "Could not parse request body as JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw badRequest(
      "bad_json",
      `Could not parse request body as JSON: ${firstIssue(parsed.error)}`,
    );
  }
  return parsed.data;
}

/** Where the caller wants a mail's link to lead: `redirect_to` as query or header. */
export const wantedRedirect = (c: AuthRequest) =>
  c.req.query("redirect_to") ?? c.req.header("redirect_to");

/** Enough to catch typing errors; the mail that has to arrive is the real check. */
const EMAIL =
  /^[^\s@<>(),;:\\"[\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

export function normalizeEmail(email: string): string {
  if (email === "") throw validationFailed("An email address is required");
  if (email.length > 255) throw validationFailed("An email address is too long");
  if (!EMAIL.test(email)) {
    throw validationFailed("Unable to validate email address: invalid format");
  }
  return email.toLowerCase();
}

export const optionalText = z.string().nullish();
