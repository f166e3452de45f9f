import postgres from "postgres";

/** Connections to the database; see {@link createPool}. */
export type Pool = {
  /** The connections to use now. */
  current(): Connections;
  /** Takes new connections in the place of some of which one has broken. */
  replace(broken: Connections): void;
  end(): Promise<void>;
};

/** A set of connections of the driver. */
export type Connections = postgres.Sql;

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

/** How long transactions that still run may take before their connections are cut, in seconds. */
const RETIRE_SECONDS = 10;

/**
 * Opens connections when they are first needed.
 *
 * The driver (postgres 3.4.9) can leave a connection that breaks while something is being written to
 * it in a state from which it never connects again. So after a break none of its connections is
 * used for new work: the whole set is retired, and what still runs on it may end.
 *
 * @example const pool = createPool({ url: env.databaseUrl, max: 4, applicationName: "users" });
 */
export function createPool(options: PoolOptions): Pool {
  let connections = connect(options);
  return {
    current: () => connections,
    replace(broken) {
      if (broken !== connections) return;
      connections = connect(options);
      void broken.end({ timeout: RETIRE_SECONDS });
    },
    end: () => connections.end({ timeout: RETIRE_SECONDS }),
  };
}

function connect({ url, max, applicationName }: PoolOptions): Connections {
  return postgres(url, {
    max,
    // A prepared statement lives on a connection. Behind the transaction pooler, which hands out
    // another one each time, statements stay unnamed.
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
