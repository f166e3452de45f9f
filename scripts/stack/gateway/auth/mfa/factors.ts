import type { Db, FactorRow } from "../database.ts";
import { notFound } from "../errors.ts";

/** An enrolment that nobody finished ends after this long; a challenge too. */
export const CHALLENGE_SECONDS = 300;

export interface Challenge {
  readonly id: string;
  readonly created_at: Date;
  readonly verified_at: Date | null;
  readonly ip: string;
}

interface SecretRow extends FactorRow {
  readonly secret: string;
}

/** The caller's own factor, locked until the transaction ends; someone else's is not found. */
export async function lockFactor(db: Db, userId: string, factorId: string): Promise<SecretRow> {
  const [factor] = await db<SecretRow[]>`
    select id, user_id, friendly_name, factor_type, status, phone, created_at, updated_at,
      last_challenged_at, coalesce(secret, '') as secret
    from auth.mfa_factors where id = ${factorId} and user_id = ${userId} for update`;
  if (!factor) throw notFound("mfa_factor_not_found", "Factor not found");
  return factor;
}

export async function insertFactor(
  db: Db,
  userId: string,
  name: string,
  secret: string,
): Promise<string> {
  const [factor] = await db<{ id: string }[]>`
    insert into auth.mfa_factors
      (id, user_id, friendly_name, factor_type, status, secret, created_at, updated_at)
    values (gen_random_uuid(), ${userId}, ${name}, 'totp', 'unverified', ${secret}, now(), now())
    returning id`;
  if (!factor) throw new Error("the factor was not stored");
  return factor.id;
}

/** Removes what was begun and never verified; `olderThanSeconds` leaves what may still be finished. */
export async function deleteUnverified(db: Db, userId: string, olderThanSeconds: number) {
  await db`
    delete from auth.mfa_factors
    where user_id = ${userId} and status = 'unverified'
      and created_at <= now() - make_interval(secs => ${olderThanSeconds})`;
}

export async function insertChallenge(db: Db, factorId: string, ip: string): Promise<Challenge> {
  const [challenge] = await db<Challenge[]>`
    insert into auth.mfa_challenges (id, factor_id, created_at, ip_address)
    values (gen_random_uuid(), ${factorId}, clock_timestamp(), ${ip})
    returning id, created_at, verified_at, host(ip_address) as ip`;
  if (!challenge) throw new Error("the challenge was not stored");
  await db`
    update auth.mfa_factors set last_challenged_at = ${challenge.created_at} where id = ${factorId}`;
  return challenge;
}

export async function findChallenge(
  db: Db,
  factorId: string,
  id: string,
): Promise<Challenge | undefined> {
  const [challenge] = await db<Challenge[]>`
    select id, created_at, verified_at, host(ip_address) as ip
    from auth.mfa_challenges where id = ${id} and factor_id = ${factorId}`;
  return challenge;
}

/** The newest time step whose code this factor has accepted. */
export async function usedStep(db: Db, factorId: string): Promise<number | undefined> {
  const [row] = await db<{ step: number | null }[]>`
    select max(otp_code::bigint)::float8 as step from auth.mfa_challenges
    where factor_id = ${factorId} and verified_at is not null`;
  return row?.step ?? undefined;
}

/** Uses a challenge up, and notes in the column for sent codes which time step was accepted. */
export async function closeChallenge(db: Db, id: string, step: number): Promise<void> {
  await db`
    update auth.mfa_challenges set verified_at = clock_timestamp(), otp_code = ${String(step)}
    where id = ${id}`;
}

/** Takes the second factor away from the sessions that had it by this one. */
export async function deleteFactor(db: Db, factor: FactorRow): Promise<void> {
  await db`
    delete from auth.mfa_amr_claims where authentication_method = 'totp' and session_id in (
      select id from auth.sessions where user_id = ${factor.user_id} and factor_id = ${factor.id})`;
  await db`
    update auth.sessions set aal = 'aal1', factor_id = null
    where user_id = ${factor.user_id} and factor_id = ${factor.id}`;
  await db`delete from auth.mfa_factors where id = ${factor.id}`;
}
