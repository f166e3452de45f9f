// The yardstick for GET /users/me: the same transaction with no authentication, no validation and no
// framework. It answers for the person in BENCH_USER_ID, whoever asks.
import process from "node:process";
import postgres from "postgres";

const sql = postgres(process.env.DATABASE_URL ?? "", { max: 10, fetch_types: false });
const claims = JSON.stringify({ sub: process.env.BENCH_USER_ID, role: "authenticated" });

async function readMe(): Promise<unknown> {
  const [row] = await sql.begin(async (tx) => {
    const settings = tx`
      select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)
    `.execute();
    const [rows] = await Promise.all([tx`select private.get_me() as me`, settings]);
    return rows;
  });
  return row?.me;
}

export default {
  fetch: async () =>
    new Response(JSON.stringify(await readMe()), {
      headers: { "content-type": "application/json" },
    }),
};
