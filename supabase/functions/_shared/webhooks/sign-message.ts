/** What is signed: the id and the text of the message, and when this attempt is made. */
export type UnsignedMessage = {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
};

const PREFIX = "whsec_";
/** Standard Webhooks, "signature scheme": 24 to 64 random bytes. */
const SECRET_BYTES = 32;

/** Makes a signing secret: `whsec_` and the base64 of random bytes. */
export function newWebhookSecret(): string {
  return PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/**
 * Signs a message as Standard Webhooks 1.0.0 says, once with each secret: `v1,<base64> v1,<base64>`.
 *
 * @param secrets `whsec_` and the base64 of the key
 * @example headers["webhook-signature"] = await signMessage(message, secrets);
 */
export async function signMessage(
  { id, timestamp, body }: UnsignedMessage,
  secrets: readonly string[],
): Promise<string> {
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const bytes = fromBase64(secret.slice(PREFIX.length));
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
      return `v1,${toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, content)))}`;
    }),
  );
  return signatures.join(" ");
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
