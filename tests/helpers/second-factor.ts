import type { SupabaseClient } from "@supabase/supabase-js";
import { generateSync } from "otplib";

const PERIOD_SECONDS = 30;

/** The code that an authenticator shows now, or `periods` later; each code counts only once. */
export function codeOf(secret: string, periods = 0): string {
  const epoch = Math.floor(Date.now() / 1000) + periods * PERIOD_SECONDS;
  return generateSync({ strategy: "totp", secret, epoch });
}

export interface EnrolledFactor {
  readonly id: string;
  readonly secret: string;
}

/** Begins an enrolment. */
export async function enrol(client: SupabaseClient, name = "phone"): Promise<EnrolledFactor> {
  const { data, error } = await client.auth.mfa.enroll({ factorType: "totp", friendlyName: name });
  if (error) throw error;
  return { id: data.id, secret: data.totp.secret };
}

/** Proves the factor: the client's session has two factors afterwards. */
export async function prove(client: SupabaseClient, factor: EnrolledFactor, periods = 0) {
  const code = codeOf(factor.secret, periods);
  const { data, error } = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
  if (error) throw error;
  return data;
}
