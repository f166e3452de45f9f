import type postgres from "postgres";

export const STAFF_ID = "00000000-0000-7000-9000-000000000001";

/** Id of a person, and of the verification that the person has; `series` is an SQL expression. */
const id = (series: string) =>
  `('00000000-0000-7000-8000-' || lpad(to_hex(${series}), 12, '0'))::uuid`;

/** The same for the number of a person. */
export const idOf = (index: number) =>
  `00000000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;

/** Somebody with every role that the lists ask for. */
export async function makeStaff(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`insert into public.profiles (user_id, email) values (${STAFF_ID}, 'staff@example.com')`;
    await tx`insert into private.user_roles (user_id, role) values (${STAFF_ID}, 'admin')`;
  });
}

/** Fills the tables to so many people with one verification each; a tenth of them waits for a review. */
export async function grow(sql: postgres.Sql, from: number, to: number): Promise<void> {
  const people = `generate_series(${from}, ${to}) as i,
    lateral (select timestamptz '2026-01-01' + i * interval '10 seconds') as t (at)`;
  await sql.begin(async (tx) => {
    // Loading as a replica does skips triggers and foreign keys: these rows are only there to be read past.
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(`
      insert into public.profiles (user_id, email, first_name, last_name, created_at)
      select ${id("i")}, 'person-' || i || '@example.com',
        (array['Anna', 'Bela', 'Cem', 'Dora', 'Emil'])[1 + i % 5] , 'Family' || md5(i::text), at
      from ${people}`);
    await tx.unsafe(`
      insert into public.kyc_verifications (verification_id, user_id, status, max_attempts, attempt,
        submitted_at, expires_at, status_changed_at, created_at, updated_at)
      select ${id("i")}, ${id("i")},
        (case i % 10 when 0 then 'in_review' when 1 then 'rejected' else 'approved' end)::public.kyc_status,
        3, 1, at, at + interval '3 years', at, at, at
      from ${people}`);
    await tx.unsafe(`
      insert into private.kyc_cases (verification_id, provider, risk_level, due_at)
      select ${id("i")}, 'mock', (array['low', 'medium', 'high', 'critical'])[1 + i % 4]::public.risk_level,
        case when i % 10 = 0 then at + interval '1 day' end
      from ${people}`);
    await tx.unsafe(`
      insert into private.kyc_attempts (verification_id, attempt, provider, provider_reference, submitted_at, applicant)
      select ${id("i")}, 1, 'mock', 'ref_' || i, at, '{"first_name": "Anna"}' from ${people}`);
    await tx.unsafe(`
      insert into public.kyc_documents (verification_id, user_id, attempt, type, side, status, storage_path,
        content_type, size_bytes, sha256, created_at)
      select ${id("i")}, ${id("i")}, 1, 'passport', 'front', 'uploaded', 'scale/' || i, 'image/jpeg', 5000,
        encode(sha256(i::text::bytea), 'hex'), at
      from ${people}`);
  });
  await fillFigures(sql, to);
  await sql`vacuum analyze public.profiles, public.kyc_verifications, public.kyc_documents, private.kyc_cases,
    private.kyc_attempts, private.figures`;
}

/**
 * The sums as they are when so many verifications came within the last 30 days: the same days, each with more.
 * Times spread over two decades, so that a busier day fills more buckets.
 */
async function fillFigures(sql: postgres.Sql, verifications: number): Promise<void> {
  const perDay = Math.round(verifications / 30);
  const days = "generate_series(current_date - 30, current_date, interval '1 day') as day";
  const spread = (metric: string, key: string, count: number, middle: number) => `
    insert into private.figures (metric, day, key, bucket, count)
    select '${metric}', day, ${key}, bucket, share
    from ${days}, generate_series(0, 290) as bucket,
      lateral (select round(${count} * exp(-((bucket - ${middle})::numeric ^ 2) / 800) / 50) as share) as weighed
    where share > 0`;
  const sums = (metric: string, keys: string, count: number) => `
    insert into private.figures (metric, day, key, count)
    select '${metric}', day, key, ${count} from ${days}, unnest(${keys}) as key`;
  await sql.begin(async (tx) => {
    await tx`truncate private.figures`;
    for (const statement of [
      spread("decision", "'provider'", perDay, 120),
      spread("decision", "'staff'", perDay / 10, 170),
      spread("request", "'mock'", perDay, 50),
      spread("lag", "'all'", perDay, 55),
      sums(
        "funnel",
        "array['started', 'documents_uploaded', 'submitted', 'decided', 'approved']",
        perDay,
      ),
      sums("closed", "array['low', 'medium', 'high', 'critical']", perDay),
      sums("reason_rejected", "array(select code from private.kyc_reason_codes limit 20)", perDay),
      "insert into private.figures (metric, day, key, count) select 'status', '-infinity', status, count(*) from public.kyc_verifications group by status",
      `insert into private.figures (metric, day, key, count)
       select 'open', (due_at at time zone 'UTC')::date, risk_level, count(*)
       from private.kyc_cases where due_at is not null group by 2, 3`,
    ]) {
      await tx.unsafe(statement);
    }
    for (let reviewer = 1; reviewer <= 10; reviewer += 1) {
      const key = `'${idOf(reviewer)}'`;
      await tx.unsafe(sums("reviewer_approved", `array[${key}]`, perDay));
      await tx.unsafe(spread("reviewer_time", key, perDay / 100, 130));
    }
  });
}
