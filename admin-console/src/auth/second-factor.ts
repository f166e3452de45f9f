import type { Auth } from "./session.ts";

const WRONG = "This code is not right. Wait for the next one and try again.";

const reasonOf = (error: { readonly code?: string | undefined; readonly message: string }) =>
  error.code === "mfa_verification_failed" ? WRONG : error.message;

/** Gives a code of the enrolled authenticator: null when it was right, else why not. */
export async function answerChallenge(auth: Auth, code: string): Promise<string | null> {
  const { data, error } = await auth.mfa.listFactors();
  if (error) return error.message;
  const [factor] = data.totp;
  if (!factor) return "No authenticator is enrolled for this account.";
  const answer = await auth.mfa.challengeAndVerify({ factorId: factor.id, code });
  return answer.error ? reasonOf(answer.error) : null;
}

export interface Enrolment {
  readonly factorId: string;
  /** What an authenticator reads with its camera; an address of an image. */
  readonly picture: string;
  /** The same, for typing. */
  readonly secret: string;
}

/** Begins an enrolment, in place of others that were begun and never proved. */
export async function beginEnrolment(auth: Auth): Promise<Enrolment> {
  const { data: factors } = await auth.mfa.listFactors();
  const begun = factors?.all.filter(({ status }) => status === "unverified") ?? [];
  for (const { id } of begun) await auth.mfa.unenroll({ factorId: id });
  const { data, error } = await auth.mfa.enroll({
    factorType: "totp",
    friendlyName: `Authenticator ${new Date().toISOString().slice(0, 16)}`,
  });
  if (error) throw error;
  return { factorId: data.id, picture: data.totp.qr_code, secret: data.totp.secret };
}

/** Proves an enrolment with its first code: null when it was right, else why not. */
export async function proveEnrolment(
  auth: Auth,
  { factorId }: Enrolment,
  code: string,
): Promise<string | null> {
  const { error } = await auth.mfa.challengeAndVerify({ factorId, code });
  return error ? reasonOf(error) : null;
}
