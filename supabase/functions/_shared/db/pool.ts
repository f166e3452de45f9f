import postgres from "postgres";

/** A pool of connections; see {@link createPool}. */
export type Pool = postgres.Sql;

export type PoolOptions = {
  /** `postgresql://…` of a role that may `set role` to `anon`, `authenticated` and `service_role`. */
  readonly url: string;
  /** Connections of this process; hosted projects share few of them among many processes. */
  readonly max: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
};

/** The port of Supabase's transaction pooler, where a connection is ours for one transaction only. */
const TRANSACTION_POOLER_PORT = "6543";

/**
 * Opens connections when they are first needed. A prepared statement lives on a connection, so
 * behind the transaction pooler, which hands out another one each time, statements stay unnamed.
 *
 * @example const pool = createPool({ url: env.databaseUrl, max: 4, applicationName: "users" });
 */
export function createPool({ url, max, applicationName }: PoolOptions): Pool {
  return postgres(url, {
    max,
    prepare: new URL(url).port !== TRANSACTION_POOLER_PORT,
    // Saves a query per connection; nothing here sends or reads array columns.
    fetch_types: false,
    connect_timeout: 5,
    idle_timeout: 30,
    max_lifetime: 1_800,
    // Failing at once gives the caller a 503 to retry; waiting would only pile up requests.
    backoff: () => 0.2,
    connection: { application_name: `nff-${applicationName}` },
    // Notices are for people at a prompt.
    onnotice: () => {},
  });
}
