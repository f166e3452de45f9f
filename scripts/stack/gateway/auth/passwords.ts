import postgres from "postgres";
import type { AuthToml } from "../config-toml.ts";
import { AuthError, validationFailed } from "./errors.ts";

/** bcrypt ignores what comes after. */
const MAX_PASSWORD_BYTES = 72;
/** The cost that Supabase Auth uses. */
const BCRYPT_COST = 10;

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
const SYMBOLS = "!@#$%^&*()_+-=[]{};'\\:\"|<>?,./`~";

const REQUIRED = {
  "": [],
  letters_digits: [LOWER + UPPER, DIGITS],
  lower_upper_letters_digits: [LOWER, UPPER, DIGITS],
  lower_upper_letters_digits_symbols: [LOWER, UPPER, DIGITS, SYMBOLS],
} as const satisfies Record<AuthToml["password_requirements"], readonly string[]>;

/** What a password lacks under the project's rules; undefined when it is strong enough. */
export function passwordWeakness(password: string, config: AuthToml): AuthError | undefined {
  const reasons: string[] = [];
  const sentences: string[] = [];
  if (password.length < config.minimum_password_length) {
    reasons.push("length");
    sentences.push(`Password should be at least ${config.minimum_password_length} characters.`);
  }
  const sets = REQUIRED[config.password_requirements];
  if (sets.some((set) => ![...password].some((character) => set.includes(character)))) {
    reasons.push("characters");
    sentences.push(`Password should contain at least one character of each: ${sets.join(", ")}.`);
  }
  if (reasons.length === 0) return undefined;
  return new AuthError(422, "weak_password", sentences.join(" "), reasons);
}

export function requireStrongPassword(password: string, config: AuthToml): void {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw validationFailed(`Password cannot be longer than ${MAX_PASSWORD_BYTES} characters`);
  }
  const weakness = passwordWeakness(password, config);
  if (weakness) throw weakness;
}

/** A hash that no password has, so that unknown accounts take as long as wrong passwords. */
const DECOY_HASH = `$2a$${BCRYPT_COST}$${"0".repeat(53)}`;

export interface Passwords {
  hash(password: string): Promise<string>;
  matches(password: string, hash: string | null | undefined): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Postgres computes the hashes: in this process one would stop every other request for its duration.
 * On a connection of its own, because Auth's role may not use the extensions.
 */
export function createPasswords(dbUrl: string): Passwords {
  const sql = postgres(dbUrl, { max: 2, onnotice: () => {} });
  return {
    async hash(password) {
      const [row] = await sql<{ hash: string }[]>`
        select extensions.crypt(${password}, extensions.gen_salt('bf', ${BCRYPT_COST})) as hash`;
      if (!row) throw new Error("no password hash");
      return row.hash;
    },
    async matches(password, hash) {
      // $2a$, $2b$ and $2y$ name the same algorithm; pgcrypto knows the first.
      const comparable = hash ? hash.replace(/^\$2[by]\$/, "$2a$") : DECOY_HASH;
      const [row] = await sql<{ matches: boolean }[]>`
        select extensions.crypt(${password}, ${comparable}) = ${comparable} as matches`;
      return Boolean(hash) && row?.matches === true;
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

/** For accounts that must not be signed in to with a password until somebody sets one. */
export const randomPassword = () =>
  `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll("-", "").slice(0, 64);

export const isBcryptHash = (hash: string) => /^\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53}$/.test(hash);
