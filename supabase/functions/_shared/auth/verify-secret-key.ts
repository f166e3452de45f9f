/** Finds the name of a secret key, or `null` for a key that is not ours. */
export type SecretKeyVerifier = (candidate: string) => Promise<string | null>;

/**
 * Compares API keys in constant time: both sides are hashed under a key that exists only in this
 * process, so the time taken tells nothing about how many characters were right, and every
 * configured key is compared even after a match.
 *
 * @param keys name → key, as in `SUPABASE_SECRET_KEYS`
 * @example await createSecretKeyVerifier({ default: "sb_secret_…" })(request.headers.get("apikey"));
 */
export function createSecretKeyVerifier(keys: Readonly<Record<string, string>>): SecretKeyVerifier {
  const hashKey = crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.sign("HMAC", await hashKey, new TextEncoder().encode(text)));
  const known = Promise.all(
    Object.entries(keys).map(async ([name, key]) => ({ name, digest: await digest(key) })),
  );
  return async (candidate) => {
    const actual = await digest(candidate);
    let match: string | null = null;
    for (const { name, digest: expected } of await known) {
      if (equalBytes(actual, expected)) match = name;
    }
    return match;
  };
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.byteLength ^ right.byteLength;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}
