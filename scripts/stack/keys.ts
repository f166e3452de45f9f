import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { StackError } from "./errors.ts";

/** The keys of every Supabase CLI stack: public constants, so that one `.env` serves each of them. */
export const LOCAL_PUBLISHABLE_KEY = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
export const LOCAL_SECRET_KEY = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz";
/** Opens the control API of the local mock KYC server. */
export const LOCAL_MOCK_KYC_ADMIN_KEY = "local-mock-kyc-admin";

const privateKey = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  kid: z.string().min(1),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});

export type SigningKey = z.output<typeof privateKey>;

async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey: key } = await generateKeyPair("ES256", { extractable: true });
  return privateKey.parse({
    ...(await exportJWK(key)),
    kid: randomUUID(),
    alg: "ES256",
    use: "sig",
  });
}

/** The key that signs user tokens: made once per data folder, so that sessions survive a restart. */
export async function loadSigningKey(stateDir: string): Promise<SigningKey> {
  const file = join(stateDir, "signing-key.json");
  if (!existsSync(file)) {
    const fresh = `${file}.new`;
    await writeFile(fresh, JSON.stringify(await makeSigningKey()), { mode: 0o600 });
    await rename(fresh, file);
  }
  try {
    return privateKey.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw new StackError(
      "data_folder_broken",
      `${file} is not a signing key: delete it (everybody has to sign in again) and start once more.`,
      { cause },
    );
  }
}

/** The published half, as SUPABASE_JWKS carries it. */
export function publicKeySet(key: SigningKey): string {
  const { d: _private, ...published } = key;
  return JSON.stringify({ keys: [{ ...published, key_ops: ["verify"], ext: true }] });
}
