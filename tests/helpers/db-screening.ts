import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { type Db, type Sql, user } from "./db.ts";
import { addDocument, address, createDraft, createUser } from "./db-fixtures.ts";

/** An entry of a list as the loader stages it. Every name here is invented. */
export interface Entry {
  readonly ref: string;
  readonly name: string;
  readonly kind?: "sanctions" | "pep" | "adverse_media";
  readonly aliases?: readonly string[];
  readonly birth_dates?: readonly string[];
  readonly birth_years?: readonly number[];
  readonly countries?: readonly string[];
}

export interface ListOptions {
  readonly list?: string;
  readonly version?: string;
  readonly allowShrink?: boolean;
}

/** Puts entries in force as the whole of a list; returns what the database says about it. */
export async function loadList(
  { sql }: { readonly sql: postgres.ISql },
  entries: readonly Entry[],
  { list = "test-list", version = "1", allowShrink = false }: ListOptions = {},
): Promise<Record<string, unknown>> {
  const load = randomUUID();
  const staged = entries.map(({ kind = "sanctions", ...entry }) => ({
    kind,
    aliases: [],
    birth_dates: [],
    birth_years: [],
    countries: [],
    ...entry,
  }));
  await sql`select private.screening_stage(${load}, ${sql.json(staged)})`;
  const [row] = await sql<{ answer: Record<string, unknown> }[]>`
    select private.screening_apply(${load}, ${list}, 'sanctions', 'test.xml', ${version},
      ${"0".repeat(64)}, ${allowShrink}) as answer`;
  return row?.answer ?? {};
}

export interface Match {
  readonly ref: string;
  readonly name: string;
  readonly score: number;
}

/** Looks somebody up as the engine does. */
export async function search(
  { sql }: { readonly sql: postgres.ISql },
  name: string,
  born: string | null,
) {
  return sql<Match[]>`
    select entry.entry_ref as ref, found.matched_name as name, round(found.score::numeric, 2)::float8 as score
    from private.screening_search(${name}, ${born}) as found join private.screening_entries as entry using (entry_id)`;
}

export interface Who {
  readonly first: string;
  readonly last: string;
  readonly middle?: string;
  readonly born?: string;
  readonly country?: string;
}

/** A person with a draft that lacks nothing. */
async function createApplicant(db: Db, who: Who) {
  const userId = await createUser(db);
  const profile = {
    first_name: who.first,
    ...(who.middle !== undefined && { middle_name: who.middle }),
    last_name: who.last,
    date_of_birth: who.born ?? "1970-05-01",
  };
  await db.as(user(userId), async (sql) => {
    await sql`select private.update_me(${sql.json(profile)}, null)`;
    await sql`select private.put_my_address(${sql.json(address({ country: who.country ?? "DE" }))}, null)`;
    await sql`select private.record_consent(document, '2026-11-01')
      from unnest(enum_range(null::public.consent_document)) as document`;
  });
  const verificationId = await createDraft(db, userId);
  return { userId, verificationId };
}

/** The same, submitted; `device` is what the front end calls the device. */
export async function createSubmittedApplicant(
  db: Db,
  who: Who,
  options: { device?: string; sha256?: string } = {},
) {
  const applicant = await createApplicant(db, who);
  const { sha256 } = options;
  await addDocument(
    db,
    applicant.userId,
    applicant.verificationId,
    sha256 === undefined ? {} : { sha256 },
  );
  await db.as(
    user(applicant.userId),
    (sql) => sql`select private.kyc_submit(${applicant.verificationId}, ${options.device ?? null})`,
  );
  return applicant;
}

export interface Hit {
  readonly hit_id: string;
  readonly entry_ref: string;
  readonly status: string;
  readonly entry_hash: string;
  readonly decided_by: string | null;
}

/** The hits of a person. */
export async function hitsOf({ sql }: { sql: Sql }, userId: string) {
  return sql<Hit[]>`
    select hit_id, entry_ref, status, encode(entry_hash, 'hex') as entry_hash, decided_by
    from private.screening_hits where user_id = ${userId} order by entry_ref`;
}

/** The newest assessment of a verification and what the case shows of it. */
export async function riskOf({ sql }: { sql: Sql }, verificationId: string) {
  const [row] = await sql<
    {
      level: string;
      score: number;
      requires_review: boolean;
      reason_code: string | null;
      occasion: string;
      version: number;
      codes: string[];
      flags: string[];
    }[]
  >`
    select c.risk_level as level, c.risk_score as score, newest.requires_review, newest.reason_code,
      newest.occasion, newest.version, c.flags,
      array(select jsonb_array_elements(newest.reasons) ->> 'code') as codes
    from private.kyc_cases as c
    cross join private.risk_newest(c.verification_id) as newest
    where c.verification_id = ${verificationId}`;
  if (!row) throw new Error("There is no such case.");
  return row;
}

/** Judges a hit as a member of staff. */
export const decide =
  (verificationId: string, hit: Pick<Hit, "hit_id" | "entry_hash">, decision = "dismiss") =>
  (sql: Sql) =>
    sql`select private.kyc_decide_screening_hit(
      ${verificationId}, ${hit.hit_id}, ${decision}, 'Somebody else.', ${hit.entry_hash}) as body`;
