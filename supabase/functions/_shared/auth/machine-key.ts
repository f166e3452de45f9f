import { only } from "../db/only.ts";
import type { RunTransaction } from "../db/transaction.ts";
import { sha256Hex } from "../domain/digest.ts";
import { ApiError } from "../errors.ts";
import { unauthorized } from "./challenge.ts";
import { type MachinePrincipal, OPERATOR_AT_THE_DOOR } from "./principal.ts";

/** A machine key that has just been made; the key itself is in nobody's hands but the caller's. */
export type NewMachineKey = {
  /** The key: what the external system sends. */
  readonly key: string;
  /** What finds its row and what people recognise it by; not part of the secret. */
  readonly prefix: string;
  /** What the database keeps. */
  readonly sha256: string;
};

/** Proves a machine key; see {@link createMachineKeyVerifier}. */
export type MachineKeyVerifier = (key: string, address: string | null) => Promise<MachinePrincipal>;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PREFIX_LENGTH = 8;
/** 43 characters out of 62 are 256 bits. */
const SECRET_LENGTH = 43;
const KEY = new RegExp(`^(nffk_[A-Za-z0-9]{${PREFIX_LENGTH}})[A-Za-z0-9]{${SECRET_LENGTH}}$`);

/**
 * Makes a machine key of 256 random bits behind a prefix.
 *
 * @example const { key, prefix, sha256 } = await newMachineKey();
 */
export async function newMachineKey(): Promise<NewMachineKey> {
  const prefix = `nffk_${randomText(PREFIX_LENGTH)}`;
  const key = `${prefix}${randomText(SECRET_LENGTH)}`;
  return { key, prefix, sha256: await hashOf(key) };
}

type Answer =
  | { readonly state: "ok"; readonly key_id: string; readonly scopes: readonly string[] }
  | { readonly state: keyof typeof REFUSALS };

const REFUSALS = {
  unknown: () => unauthorized("invalid_api_key", "Bearer"),
  revoked: () => unauthorized("api_key_revoked", "Bearer"),
  expired: () => unauthorized("api_key_expired", "Bearer"),
  network: () => new ApiError("network_not_allowed"),
} as const;

/**
 * Checks machine keys where they are kept, at each request, so that revoking one counts at once.
 * The database compares hashes, in constant time; what is wrong with a key is only told to whoever
 * has it.
 *
 * @param transaction to ask the database with
 * @throws ApiError `invalid_api_key`, `api_key_revoked`, `api_key_expired`, `network_not_allowed`
 * @example await createMachineKeyVerifier(transaction)("nffk_…", "203.0.113.7");
 */
export function createMachineKeyVerifier(transaction: RunTransaction): MachineKeyVerifier {
  return async (key, address) => {
    const prefix = KEY.exec(key)?.[1];
    if (prefix === undefined) throw REFUSALS.unknown();
    const sha256 = await hashOf(key);
    const { answer } = only(
      await transaction(
        OPERATOR_AT_THE_DOOR,
        (tx) => tx<{ answer: Answer }[]>`
          select private.authenticate_machine_key(${prefix}, ${sha256}, ${address}) as answer
        `,
      ),
    );
    if (answer.state !== "ok") throw REFUSALS[answer.state]();
    return { kind: "machine", id: answer.key_id, scopes: answer.scopes };
  };
}

function hashOf(key: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(key));
}

/** Draws letters and digits, each equally likely: bytes beyond the last whole alphabet are not used. */
function randomText(length: number): string {
  const limit = 256 - (256 % ALPHABET.length);
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < limit && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
