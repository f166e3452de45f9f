import { generateSecret, generateURI, verifySync } from "otplib";
import { renderSVG } from "uqr";

const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;

export interface TotpKey {
  readonly secret: string;
  /** What the QR code holds. */
  readonly uri: string;
  /** The QR code as SVG. Colours are words: supabase-js puts it into a data URL unescaped. */
  readonly qrCode: string;
}

export function newTotpKey(issuer: string, account: string): TotpKey {
  const secret = generateSecret({ length: SECRET_BYTES });
  const uri = generateURI({ issuer, label: account, secret });
  return { secret, uri, qrCode: renderSVG(uri, { ecc: "H" }) };
}

/**
 * The time step that a code is of, if it is one of the last, the current or the next and comes after
 * `usedStep`; undefined otherwise.
 */
export function stepOfCode(
  secret: string,
  code: string,
  usedStep: number | undefined,
): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const result = verifySync({
    strategy: "totp",
    secret,
    token: code,
    period: PERIOD_SECONDS,
    epochTolerance: PERIOD_SECONDS,
    ...(usedStep === undefined ? {} : { afterTimeStep: usedStep }),
  });
  return result.valid && "timeStep" in result ? result.timeStep : undefined;
}
