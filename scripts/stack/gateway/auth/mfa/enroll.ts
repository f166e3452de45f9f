import { actorOf, audit } from "../audit.ts";
import type { SignedIn } from "../authenticate.ts";
import type { AuthContext } from "../context.ts";
import { forbidden, unprocessable } from "../errors.ts";
import { loadAccount } from "../users.ts";
import { CHALLENGE_SECONDS, deleteUnverified, insertFactor } from "./factors.ts";
import { newTotpKey } from "./totp.ts";

const MAX_VERIFIED = 10;

function requireRoom(context: AuthContext, { account, session }: SignedIn, name: string): void {
  const { factors } = account;
  if (factors.some((factor) => (factor.friendly_name ?? "") === name)) {
    throw unprocessable(
      "mfa_factor_name_conflict",
      `A factor with the friendly name "${name}" for this user already exists`,
    );
  }
  const verified = factors.filter(({ status }) => status === "verified").length;
  if (factors.length >= context.config.mfa.max_enrolled_factors || verified >= MAX_VERIFIED) {
    throw unprocessable(
      "too_many_enrolled_mfa_factors",
      "Maximum number of verified factors reached, unenroll to continue",
    );
  }
  // Otherwise a stolen password could add a factor of its own and pass with it.
  if (verified > 0 && session.aal !== "aal2") {
    throw forbidden("insufficient_aal", "AAL2 required to enroll a new factor");
  }
}

/** Begins an enrolment: it counts when its first code is verified. */
export async function enrollTotp(
  context: AuthContext,
  signedIn: SignedIn,
  name: string,
  issuer: string,
) {
  const { user } = signedIn.account;
  const key = newTotpKey(issuer || new URL(context.config.site_url).host, user.email ?? "");
  const id = await context.sql.begin(async (tx) => {
    await tx`select from auth.users where id = ${user.id} for update`;
    await deleteUnverified(tx, user.id, CHALLENGE_SECONDS);
    requireRoom(context, { ...signedIn, account: await loadAccount(tx, user) }, name);
    const factorId = await insertFactor(tx, user.id, name, key.secret);
    await audit(tx, actorOf(user), "factor_in_progress", { factor_id: factorId });
    return factorId;
  });
  return {
    id,
    type: "totp",
    friendly_name: name,
    totp: { qr_code: key.qrCode, secret: key.secret, uri: key.uri },
  };
}
