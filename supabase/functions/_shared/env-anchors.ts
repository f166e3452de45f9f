import { z } from "zod";
import { json, parse, runtimeVariables, type Variables } from "./env.ts";

/** The curves that anchors may be signed with, and the name of the algorithm that goes with each. */
const ALGORITHMS = { Ed25519: "EdDSA", "P-256": "ES256" } as const;

const privateKey = z.looseObject({
  kty: z.enum(["OKP", "EC"]),
  crv: z.enum(["Ed25519", "P-256"]),
  kid: z.string().min(1),
  d: z.string().min(1),
});

const anchors = z
  .object({
    AUDIT_ANCHOR_KEY: json(privateKey),
    AUDIT_ANCHOR_WEBHOOK_URL: z
      .url({ protocol: /^https?$/, error: "must be an https URL" })
      .refine(isSafeTarget, "must be an https URL")
      .optional(),
  })
  .transform((variables) => ({
    key: variables.AUDIT_ANCHOR_KEY,
    algorithm: ALGORITHMS[variables.AUDIT_ANCHOR_KEY.crv],
    /** Gets a copy of each anchor; `null`: only Storage has them. */
    webhookUrl: variables.AUDIT_ANCHOR_WEBHOOK_URL ?? null,
  }));

/** How anchors of the audit are signed, and who gets them. */
export type AnchorEnvironment = z.output<typeof anchors>;

/**
 * Reads how anchors of the audit are made. Without a key the audit would be provable to nobody, so
 * the worker does not start.
 *
 * @throws Error with one sentence that names every variable at fault
 */
export function readAnchorEnvironment(
  variables: Variables = runtimeVariables(),
): AnchorEnvironment {
  return parse(anchors, variables);
}

/** On the same machine nobody listens in; anywhere else only TLS will do. */
function isSafeTarget(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}
