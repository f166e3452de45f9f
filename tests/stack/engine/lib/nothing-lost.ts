import type postgres from "postgres";
import { expect } from "vitest";
import { records, requests } from "./mock.ts";

/** What the provider calls an outcome, and what we do. */
const OUTCOMES = new Map([
  ["approved", "approved"],
  ["rejected", "rejected"],
  ["retry", "resubmission_required"],
  ["review", "in_review"],
]);

/**
 * Expects what must hold after every failure: nothing is stuck, nothing lost, nothing decided twice,
 * every submission was sent once per attempt under one key, and the audit is whole. To be called when
 * everything that was due is done.
 */
export async function expectNothingLost(sql: postgres.Sql): Promise<void> {
  await expectNothingStuck(sql);
  await expectDecidedOnce(sql);
  await expectSentOnce(sql);
  expect([...(await sql`select * from private.audit_verify()`)]).toEqual([]);
}

async function expectNothingStuck(sql: postgres.Sql): Promise<void> {
  const waiting = await sql`
    select verification_id, status from public.kyc_verifications where status in ('submitted', 'processing')`;
  expect([...waiting], "stuck verifications").toEqual([]);
  const messages = await sql`
    select message_id, topic from private.outbox where status = 'pending' and next_attempt_at <= private.now()`;
  expect([...messages], "messages that are due").toEqual([]);
  const untold = await sql`
    select attempt.verification_id, attempt.attempt from private.kyc_attempts as attempt
    where not exists (
      select from private.outbox as message
      where message.topic = 'provider.submit' and message.subject_id = attempt.verification_id
        and (message.payload ->> 'attempt')::integer = attempt.attempt)`;
  expect([...untold], "attempts without a message").toEqual([]);
  const parked = await sql`
    select event_id from private.webhook_inbox where result = 'parked' and next_try_at <= private.now()`;
  expect([...parked], "parked events that are due").toEqual([]);
}

/** Each status follows on the one before, up to the present one, and no attempt is decided twice. */
async function expectDecidedOnce(sql: postgres.Sql): Promise<void> {
  const broken = await sql`
    with moves as (
      select logged.stream, logged.sequence, logged.actor_kind,
        logged.details::jsonb ->> 'from' as from_status, logged.details::jsonb ->> 'to' as to_status,
        (logged.details::jsonb ->> 'attempt')::integer as attempt,
        lag(logged.details::jsonb ->> 'to') over w as previous,
        row_number() over (partition by logged.stream order by logged.sequence desc) as from_end
      from private.audit_log as logged
      where logged.action in ('kyc.created', 'kyc.transition')
      window w as (partition by logged.stream order by logged.sequence)
    )
    select moves.stream, moves.from_status, moves.to_status from moves
    join public.kyc_verifications as verification on 'kyc:' || verification.verification_id = moves.stream
    where moves.from_status is distinct from moves.previous
      or (moves.from_end = 1 and moves.to_status <> verification.status::text)`;
  expect([...broken], "moves that do not follow on each other").toEqual([]);
  const twice = await sql`
    select stream, details::jsonb ->> 'attempt' as attempt, details::jsonb ->> 'to' as decision
    from private.audit_log
    where action = 'kyc.transition' and actor_kind = 'provider'
      and details::jsonb ->> 'to' in ('approved', 'rejected', 'resubmission_required')
    group by 1, 2, 3 having count(*) > 1`;
  expect([...twice], "decided twice").toEqual([]);
}

/** The provider has one record per attempt that was sent, got it under one key, and we know its verdict. */
async function expectSentOnce(sql: postgres.Sql): Promise<void> {
  const attempts = await sql<
    {
      id: string;
      attempt: number;
      reference: string | null;
      outcome: string | null;
      keys: number;
      sent: number;
    }[]
  >`
    select attempt.verification_id as id, attempt.attempt, attempt.provider_reference as reference,
      attempt.outcome,
      (select count(*)::integer from private.outbox as message
        where message.topic = 'provider.submit' and message.subject_id = attempt.verification_id
          and (message.payload ->> 'attempt')::integer = attempt.attempt) as keys,
      (select count(*)::integer from private.outbox as message
        where message.topic = 'provider.submit' and message.subject_id = attempt.verification_id
          and (message.payload ->> 'attempt')::integer = attempt.attempt and message.status = 'sent') as sent
    from private.kyc_attempts as attempt`;
  const asked = await requests();
  for (const { id, attempt, reference, outcome, keys, sent } of attempts) {
    const posts = asked.filter(
      ({ method, path, external_id, body }) =>
        method === "POST" &&
        path === "/v1/verifications" &&
        external_id === id &&
        body?.attempt === attempt,
    );
    const used = new Set(posts.map(({ idempotency_key }) => idempotency_key));
    expect(used.size, `keys of attempt ${attempt} of ${id}`).toBeLessThanOrEqual(keys);
    const known = await records(id, attempt);
    expect(known.length, `records of attempt ${attempt} of ${id}`).toBeLessThanOrEqual(keys);
    expect(known.length, `records of sent attempt ${attempt} of ${id}`).toBeGreaterThanOrEqual(
      sent,
    );
    const [newest] = known;
    if (reference === null || !newest) continue;
    expect(newest.id, `reference of attempt ${attempt} of ${id}`).toBe(reference);
    const verdict = OUTCOMES.get(newest.findings.outcome ?? "");
    if (verdict) expect(outcome, `outcome of attempt ${attempt} of ${id}`).toBe(verdict);
  }
}
