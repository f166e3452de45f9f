import { withDatabase } from "./with-database.ts";

/** Of every account in supabase/seed.sql. */
export const DEMO_PASSWORD = "Demo-Passw0rd-2026!";
const DEMO_DOMAIN = "@demo.example.com";

export interface DemoAccount {
  readonly email: string;
  readonly roles: readonly string[];
}

/** The seeded accounts that are still there. A project without roles or seed has none. */
export async function demoAccounts(dbUrl: string): Promise<DemoAccount[]> {
  return withDatabase(dbUrl, async (sql) => {
    const [known] = await sql<{ found: boolean }[]>`
      select to_regclass('private.user_roles') is not null as found`;
    if (!known?.found) return [];
    return sql<DemoAccount[]>`
      select account.email, coalesce(array_agg(held.role::text) filter (where held.role is not null), '{}') as roles
      from auth.users as account
      left join private.user_roles as held on held.user_id = account.id
      where account.email like ${`%${DEMO_DOMAIN}`} and account.deleted_at is null
      group by account.id, account.email
      order by account.id`;
  });
}
