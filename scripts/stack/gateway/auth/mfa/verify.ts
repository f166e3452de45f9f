import { z } from "zod";
import { actorOf, audit } from "../audit.ts";
import type { SignedIn } from "../authenticate.ts";
import type { AuthContext, Client } from "../context.ts";
import type { Db, FactorRow, SessionRow } from "../database.ts";
import { AuthError, notFound, unprocessable } from "../errors.ts";
import { raiseSession, type TokenResponse } from "../sessions.ts";
import {
  CHALLENGE_SECONDS,
  type Challenge,
  closeChallenge,
  deleteUnverified,
  findChallenge,
  lockFactor,
  usedStep,
} from "./factors.ts";
import { stepOfCode } from "./totp.ts";

export interface Answer {
  readonly factorId: string;
  readonly challengeId: string;
  readonly code: string;
}

async function openChallenge(
  db: Db,
  factor: FactorRow,
  id: string,
  client: Client,
): Promise<Challenge | AuthError> {
  const challenge = z.uuid().safeParse(id).success
    ? await findChallenge(db, factor.id, id)
    : undefined;
  if (!challenge) {
    return notFound("mfa_factor_not_found", "MFA factor with the provided challenge ID not found");
  }
  // One sentence for a used one and one from elsewhere, as in Supabase Auth.
  if (challenge.verified_at || challenge.ip !== client.ip) {
    return unprocessable("mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch.");
  }
  if (Date.now() > challenge.created_at.getTime() + CHALLENGE_SECONDS * 1000) {
    await db`delete from auth.mfa_challenges where id = ${challenge.id}`;
    return unprocessable(
      "mfa_challenge_expired",
      `MFA challenge ${challenge.id} has expired, verify against another challenge or create a new challenge.`,
    );
  }
  return challenge;
}

async function endWeakerSessions(db: Db, session: SessionRow): Promise<void> {
  await db`
    delete from auth.sessions
    where user_id = ${session.user_id} and id <> ${session.id} and coalesce(aal, 'aal1') < 'aal2'`;
}

async function verifyIn(
  context: AuthContext,
  db: Db,
  { account: { user }, session }: SignedIn,
  answer: Answer,
  client: Client,
): Promise<TokenResponse | AuthError> {
  const factor = await lockFactor(db, user.id, answer.factorId);
  const challenge = await openChallenge(db, factor, answer.challengeId, client);
  if (challenge instanceof AuthError) return challenge;
  const step = stepOfCode(factor.secret, answer.code, await usedStep(db, factor.id));
  if (step === undefined) {
    return unprocessable("mfa_verification_failed", "Invalid TOTP code entered");
  }
  await audit(db, actorOf(user), "verification_attempted", {
    factor_id: factor.id,
    challenge_id: challenge.id,
    factor_type: factor.factor_type,
  });
  await closeChallenge(db, challenge.id, step);
  await db`
    update auth.mfa_factors set status = 'verified', updated_at = now()
    where id = ${factor.id} and status <> 'verified'`;
  // The account is proved by two factors from now on: what was opened with one ends.
  await endWeakerSessions(db, session);
  await deleteUnverified(db, user.id, 0);
  return raiseSession(context, db, user.id, session.id, factor.id);
}

/** Checks a code against a challenge and lifts the session to `aal2`. */
export async function verifyFactor(
  context: AuthContext,
  signedIn: SignedIn,
  answer: Answer,
  client: Client,
): Promise<TokenResponse> {
  const result = await context.sql.begin((tx) => verifyIn(context, tx, signedIn, answer, client));
  // Thrown after the commit: removing an expired challenge must last.
  if (result instanceof AuthError) throw result;
  return result;
}
