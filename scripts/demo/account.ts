import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import { Rest } from "./rest.ts";
import type { DemoSettings } from "./settings.ts";
import { waitFor } from "./wait.ts";

const MAIL_TIMEOUT_MS = 15_000;

/** A signed-in person with both ways to the backend. */
export interface Account {
  readonly userId: string;
  /** Tables, storage and sign-in, by supabase-js. */
  readonly client: SupabaseClient;
  /** The functions' operations, by REST. */
  readonly rest: Rest;
}

/** Who signs in. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** A client as a browser has one, without a place to keep the session. */
function newClient({ supabaseUrl, publishableKey }: DemoSettings): SupabaseClient {
  return createClient(supabaseUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

const Messages = z.object({
  messages: z.array(z.object({ ID: z.string(), To: z.array(z.object({ Address: z.string() })) })),
});
const Message = z.object({ Text: z.string(), HTML: z.string() });

async function readJson<Shape extends z.ZodType>(url: string, shape: Shape) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return shape.parse(await response.json());
}

/** The link of the confirmation mail, read from the mail catcher. */
async function confirmationLink(mailpitUrl: string, email: string): Promise<string | null> {
  const { messages } = await readJson(`${mailpitUrl}/api/v1/messages?limit=50`, Messages);
  const wanted = email.toLowerCase();
  const found = messages.find(({ To }) =>
    To.some(({ Address }) => Address.toLowerCase() === wanted),
  );
  if (!found) return null;
  const { Text, HTML } = await readJson(`${mailpitUrl}/api/v1/message/${found.ID}`, Message);
  const text = `${Text}\n${HTML.replaceAll("&amp;", "&")}`;
  return /https?:\/\/[^\s()<>"]*\/auth\/v1\/verify\?[^\s()<>"]+/.exec(text)?.[0] ?? null;
}

/**
 * Signs a person up.
 *
 * @returns Whether the address has to be confirmed before the first sign-in.
 */
export async function signUp(
  settings: DemoSettings,
  credentials: Credentials,
  name: { readonly first_name: string; readonly last_name: string },
): Promise<boolean> {
  const { data, error } = await newClient(settings).auth.signUp({
    ...credentials,
    options: { data: name },
  });
  if (error) throw new Error(`The sign-up failed: ${error.message}`, { cause: error });
  return data.session === null;
}

/** Opens the link in the confirmation mail, as the person's browser would. */
export async function confirm(settings: DemoSettings, email: string): Promise<void> {
  const link = await waitFor(
    `The confirmation mail at ${settings.mailpitUrl}`,
    MAIL_TIMEOUT_MS,
    () => confirmationLink(settings.mailpitUrl, email),
  );
  const response = await fetch(link, { redirect: "manual" });
  const target = response.headers.get("location") ?? "";
  if (response.status < 300 || response.status > 399 || target.includes("error=")) {
    throw new Error(`The confirmation link answered ${response.status} ${target}`);
  }
}

/** Signs a person in. */
export async function signIn(settings: DemoSettings, credentials: Credentials): Promise<Account> {
  const client = newClient(settings);
  const { data, error } = await client.auth.signInWithPassword(credentials);
  if (error) throw new Error(`The sign-in of ${credentials.email} failed: ${error.message}`);
  const { access_token } = data.session;
  return {
    userId: data.user.id,
    client,
    rest: new Rest(settings.supabaseUrl, settings.publishableKey, access_token),
  };
}
