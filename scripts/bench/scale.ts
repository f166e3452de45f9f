import postgres from "postgres";
import { startDatabaseOnly } from "../stack/database.ts";
import type { BenchContext } from "./context.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";
import { grow, idOf, makeStaff, STAFF_ID } from "./scale-data.ts";

const SMALL = 10_000;
const LARGE = 1_000_000;
const ROUNDS = 200;
/** Plans and pages that are read for the first time are measured elsewhere. */
const WARM_UP = 10;

interface Page {
  readonly name: string;
  readonly role: string;
  readonly query: string;
  /** Measured for the record: what it costs may follow the number of people. */
  readonly isFree?: boolean;
}

const queue = (filter: string, sort: string) =>
  `select * from private.kyc_list_cases('${filter}', '${sort}', null, 26)`;

/** What the back office reads, and the lists of the NFF operations. */
const PAGES: readonly Page[] = [
  {
    name: "review queue",
    role: "authenticated",
    query: queue('{"status": ["in_review"]}', "waiting_since"),
  },
  {
    name: "review queue at high risk",
    role: "authenticated",
    query: queue('{"status": ["in_review"], "risk_level": ["high"]}', "waiting_since"),
  },
  {
    name: "case page",
    role: "authenticated",
    query: `select private.kyc_case('${idOf(5_000)}') as case`,
  },
  {
    name: "figures of 30 days",
    role: "authenticated",
    query: "select private.stats(null, null) as stats",
  },
  {
    // The first reader after the sums have changed, once a minute at most.
    name: "figures of 30 days, made anew",
    role: "postgres",
    query: `select private.stats_of_verifications(current_date - 30, current_date + 1),
      private.stats_of_reviewers(current_date - 30, current_date + 1),
      private.stats_of_providers(current_date - 30, current_date + 1)`,
    isFree: true,
  },
  {
    name: "accounts",
    role: "authenticated",
    query: "select * from private.list_users('{}', '-created_at', null, 26)",
  },
  {
    name: "accounts with a KYC state",
    role: "authenticated",
    query: `select * from private.list_users('{"kyc_status": ["declined"]}', '-created_at', null, 26)`,
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

/** How long 95 of 100 reads take at most. */
async function p95Ms(sql: postgres.Sql, { role, query }: Page): Promise<number> {
  const claims = JSON.stringify({ sub: STAFF_ID, role: "authenticated" });
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    await sql.begin(async (tx) => {
      await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`;
      const started = performance.now();
      const rows = await tx.unsafe(query, [], { prepare: true });
      if (round >= WARM_UP) times.push(performance.now() - started);
      if (rows.length === 0) throw new Error(`Nothing was found by ${query}`);
    });
  }
  return percentile(
    times.sort((a, b) => a - b),
    0.95,
  );
}

/** Pages with ten thousand and with a million people: none must cost more when the tables grow. */
export async function scale({ log }: BenchContext): Promise<Figure[]> {
  const database = await startDatabaseOnly();
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    await makeStaff(sql);
    await grow(sql, 1, SMALL);
    const small = new Map<Page, number>();
    for (const page of PAGES) small.set(page, await p95Ms(sql, page));
    log(`filling up to ${LARGE.toLocaleString("en")} people …`);
    await grow(sql, SMALL + 1, LARGE);
    const figures: Figure[] = [];
    for (const page of PAGES) {
      const large = await p95Ms(sql, page);
      const ratio = large / (small.get(page) ?? 0);
      figures.push(
        { name: `${page.name}, p95 with 1 000 000`, value: large, unit: "ms" },
        {
          name: "  : p95 with 10 000",
          value: ratio,
          unit: "×",
          ...(!page.isFree && { goal: { atMost: 1.5 } }),
        },
      );
    }
    return figures;
  } finally {
    await sql.end();
    await database.dispose();
  }
}
