import postgres from "postgres";

const END_TIMEOUT_SECONDS = 3;

/** One connection for one piece of work. Notices ("already exists, skipping") are of no interest. */
export async function withDatabase<T>(
  dbUrl: string,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    // Without a limit the end of a connection whose server has died is waited for in vain.
    await sql.end({ timeout: END_TIMEOUT_SECONDS });
  }
}
