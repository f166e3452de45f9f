import type { AuthContext } from "../context.ts";
import type { Account, UserRow } from "../database.ts";
import { badRequest } from "../errors.ts";
import { loadAccount } from "../users.ts";

const DEFAULT_PAGE_SIZE = 50;

export interface Page {
  readonly number: number;
  readonly size: number;
}

export interface UserPage {
  readonly accounts: readonly Account[];
  readonly total: number;
}

function positive(text: string | undefined, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw badRequest("validation_failed", `Bad Pagination Parameters: ${JSON.stringify(text)}`);
}

export const pageOf = (query: Record<string, string>): Page => ({
  number: positive(query.page, 1),
  size: positive(query.per_page, DEFAULT_PAGE_SIZE),
});

export async function listUsers(
  { sql }: AuthContext,
  page: Page,
  filter: string,
): Promise<UserPage> {
  const like = `%${filter}%`;
  const matching = sql`
    aud = 'authenticated' and (${filter} = '' or email like ${like}
      or raw_user_meta_data ->> 'full_name' ilike ${like})`;
  const [count] = await sql<{ total: string }[]>`
    select count(*) as total from auth.users where ${matching}`;
  const users = await sql<UserRow[]>`
    select * from auth.users where ${matching}
    order by created_at desc, id
    limit ${page.size} offset ${(page.number - 1) * page.size}`;
  const accounts = await Promise.all(users.map((user) => loadAccount(sql, user)));
  return { accounts, total: Number(count?.total ?? 0) };
}

/** `Link` names the next and the last page, as supabase-js reads it. */
export function pageHeaders(url: string, page: Page, total: number): Record<string, string> {
  const last = Math.max(1, Math.ceil(total / page.size));
  const target = (number: number) => {
    const link = new URL(url);
    link.searchParams.set("page", String(number));
    link.searchParams.set("per_page", String(page.size));
    return `${link.pathname}${link.search}`;
  };
  const next = page.number < last ? [`<${target(page.number + 1)}>; rel="next"`] : [];
  return {
    "X-Total-Count": String(total),
    Link: [...next, `<${target(last)}>; rel="last"`].join(", "),
  };
}
