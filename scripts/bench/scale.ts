import postgres from "postgres";
import { startDatabaseOnly } from "../stack/database.ts";
import type { BenchContext } from "./context.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const SMALL = 10_000;
const LARGE = 1_000_000;
const ROUNDS = 60;
const STAFF_ID = "00000000-0000-7000-9000-000000000001";

/** Fills the tables to so many people with one verification each; a tenth of them waits for a review. */
async function grow(sql: postgres.Sql, from: number, to: number): Promise<void> {
  const id = (series: string) =>
    `('00000000-0000-7000-8000-' || lpad(to_hex(${series}), 12, '0'))::uuid`;
  await sql.begin(async (tx) => {
    // Loading as a replica does skips triggers and foreign keys: these rows are only there to be read past.
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(`
      insert into public.profiles (user_id, email, first_name, last_name, created_at)
      select ${id("i")}, 'person-' || i || '@example.com',
        (array['Anna', 'Bela', 'Cem', 'Dora', 'Emil'])[1 + i % 5] , 'Family' || md5(i::text),
        timestamptz '2026-01-01' + i * interval '10 seconds'
      from generate_series(${from}, ${to}) as i`);
    await tx.unsafe(`
      insert into public.kyc_verifications (verification_id, user_id, status, max_attempts, attempt,
        submitted_at, expires_at, status_changed_at, created_at, updated_at)
      select ${id("i")}, ${id("i")},
        (case i % 10 when 0 then 'in_review' when 1 then 'rejected' else 'approved' end)::public.kyc_status,
        3, 1, at, at + interval '3 years', at, at, at
      from generate_series(${from}, ${to}) as i,
        lateral (select timestamptz '2026-01-01' + i * interval '10 seconds') as t (at)`);
    await tx.unsafe(`
      insert into private.kyc_cases (verification_id, provider, risk_level)
      select ${id("i")}, 'mock', (array['low', 'medium', 'high', 'critical'])[1 + i % 4]::public.risk_level
      from generate_series(${from}, ${to}) as i`);
  });
  await sql`vacuum analyze public.profiles, public.kyc_verifications, private.kyc_cases`;
}

/** Somebody with every role that the lists ask for. */
async function makeStaff(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`insert into public.profiles (user_id, email) values (${STAFF_ID}, 'staff@example.com')`;
    await tx`insert into private.user_roles (user_id, role) values (${STAFF_ID}, 'admin')`;
  });
}

async function medianMs(sql: postgres.Sql, { role, query }: List): Promise<number> {
  const claims = JSON.stringify({ sub: STAFF_ID, role: "authenticated" });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await sql.begin(async (tx) => {
      await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`;
      const started = performance.now();
      const rows = await tx.unsafe(query, [], { prepare: true });
      times.push(performance.now() - started);
      if (rows.length === 0) throw new Error(`Nothing was found by ${query}`);
    });
  }
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

interface List {
  readonly name: string;
  readonly role: string;
  readonly query: string;
}

const LISTS: readonly List[] = [
  {
    name: "review queue",
    role: "authenticated",
    query: `select * from private.kyc_list_cases('{"status": ["in_review"]}', 'waiting_since', null, 26)`,
  },
  {
    name: "review queue at high risk",
    role: "authenticated",
    query: `select * from private.kyc_list_cases(
      '{"status": ["in_review"], "risk_level": ["high"]}', 'waiting_since', null, 26)`,
  },
  {
    name: "user list",
    role: "nff_operator",
    query: "select * from private.nff_list_users('{}', '-created_at', null, 26)",
  },
  {
    name: "user search, one person",
    role: "nff_operator",
    query: `select * from private.nff_list_users('{"search": "person-7734@"}', '-created_at', null, 26)`,
  },
  {
    name: "user search, one in five",
    role: "nff_operator",
    query: `select * from private.nff_list_users('{"search": "anna"}', '-created_at', null, 26)`,
  },
];

/** Lists with ten thousand and with a million people: a page must not cost more when the table grows. */
export async function scale({ log }: BenchContext): Promise<Figure[]> {
  const database = await startDatabaseOnly();
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    await makeStaff(sql);
    await grow(sql, 1, SMALL);
    const small = new Map<List, number>();
    for (const list of LISTS) small.set(list, await medianMs(sql, list));
    log(`filling up to ${LARGE.toLocaleString("en")} people …`);
    await grow(sql, SMALL + 1, LARGE);
    const figures: Figure[] = [];
    for (const list of LISTS) {
      const large = await medianMs(sql, list);
      const ratio = large / (small.get(list) ?? 0);
      figures.push(
        { name: `${list.name}, page of 1 000 000`, value: large, unit: "ms" },
        { name: "  : page of 10 000", value: ratio, unit: "×", goal: { atMost: 1.5 } },
      );
    }
    return figures;
  } finally {
    await sql.end();
    await database.dispose();
  }
}
