import type { Hono } from "hono";
import { z } from "zod";
import { actorOf, audit } from "../audit.ts";
import { requireSignedIn } from "../authenticate.ts";
import type { AuthContext } from "../context.ts";
import { notFound, unprocessable, validationFailed } from "../errors.ts";
import { enrollTotp } from "../mfa/enroll.ts";
import { CHALLENGE_SECONDS, deleteFactor, insertChallenge, lockFactor } from "../mfa/factors.ts";
import { verifyFactor } from "../mfa/verify.ts";
import {
  type AuthBindings,
  type AuthRequest,
  clientOf,
  optionalText,
  readBody,
} from "../request.ts";

const enrolBody = z.object({
  factor_type: optionalText,
  friendly_name: optionalText,
  issuer: optionalText,
});
const verifyBody = z.object({ challenge_id: optionalText, code: optionalText });

const FACTOR_NAMES = new Map([
  ["totp", "TOTP"],
  ["phone", "Phone"],
  ["webauthn", "WebAuthn"],
]);

function factorIdOf(c: AuthRequest): string {
  const id = z.uuid().safeParse(c.req.param("factorId"));
  if (!id.success) throw notFound("validation_failed", "factor_id must be an UUID");
  return id.data;
}

function requireEnrolment(context: AuthContext, type: string | null | undefined): void {
  const name = FACTOR_NAMES.get(type ?? "");
  if (name === undefined) {
    throw validationFailed("factor_type needs to be totp, phone, or webauthn");
  }
  if (type === "totp" && context.config.mfa.totp.enroll_enabled) return;
  throw unprocessable(`mfa_${type}_enroll_not_enabled`, `MFA enroll is disabled for ${name}`);
}

/** Second factors: enrol, challenge, verify, unenrol. They are listed with the account. */
export function addFactors(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  app.post("/factors", async (c) => {
    const signedIn = await requireSignedIn(context, c);
    const { factor_type: type, friendly_name: name, issuer } = await readBody(c, enrolBody);
    requireEnrolment(context, type);
    return c.json(await enrollTotp(context, signedIn, name ?? "", issuer ?? ""));
  });
  app.post("/factors/:factorId/challenge", async (c) => {
    const { user } = (await requireSignedIn(context, c)).account;
    const factorId = factorIdOf(c);
    const challenge = await context.sql.begin(async (tx) => {
      const factor = await lockFactor(tx, user.id, factorId);
      const traits = { factor_id: factor.id, factor_status: factor.status };
      await audit(tx, actorOf(user), "challenge_created", traits);
      return insertChallenge(tx, factor.id, clientOf(c).ip);
    });
    const createdAt = Math.floor(challenge.created_at.getTime() / 1000);
    return c.json({ id: challenge.id, type: "totp", expires_at: createdAt + CHALLENGE_SECONDS });
  });
  app.post("/factors/:factorId/verify", async (c) => {
    const signedIn = await requireSignedIn(context, c);
    const factorId = factorIdOf(c);
    const { challenge_id: challengeId, code } = await readBody(c, verifyBody);
    if (!code) throw validationFailed("Code needs to be non-empty");
    if (!context.config.mfa.totp.verify_enabled) {
      throw unprocessable("mfa_totp_verify_not_enabled", "MFA verification is disabled for TOTP");
    }
    const answer = { factorId, challengeId: challengeId ?? "", code };
    return c.json(await verifyFactor(context, signedIn, answer, clientOf(c)));
  });
  app.delete("/factors/:factorId", async (c) => {
    const { account, session } = await requireSignedIn(context, c);
    const factorId = factorIdOf(c);
    await context.sql.begin(async (tx) => {
      const factor = await lockFactor(tx, account.user.id, factorId);
      if (factor.status === "verified" && session.aal !== "aal2") {
        throw unprocessable("insufficient_aal", "AAL2 required to unenroll verified factor");
      }
      await audit(tx, actorOf(account.user), "factor_unenrolled", {
        factor_id: factor.id,
        factor_status: factor.status,
        session_id: session.id,
      });
      await deleteFactor(tx, factor);
    });
    return c.json({ id: factorId });
  });
}
