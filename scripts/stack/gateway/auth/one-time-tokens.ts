import { createHash, randomInt } from "node:crypto";
import type { AuthToml } from "../config-toml.ts";
import type { Db, UserRow } from "./database.ts";
import { tooManyRequests } from "./errors.ts";
import type { UserPatch } from "./users.ts";
import { updateUser } from "./users.ts";

export type OneTimeTokenType =
  | "confirmation_token"
  | "recovery_token"
  | "reauthentication_token"
  | "email_change_token_new"
  | "email_change_token_current";

/** When the token of this type was sent; what expires it and limits how often it is sent. */
const SENT_AT = {
  confirmation_token: "confirmation_sent_at",
  recovery_token: "recovery_sent_at",
  reauthentication_token: "reauthentication_sent_at",
  email_change_token_new: "email_change_sent_at",
  email_change_token_current: "email_change_sent_at",
} as const satisfies Record<OneTimeTokenType, keyof UserRow>;

/** Marks tokens of the PKCE flow: their link hands out a code instead of a session. */
export const PKCE_PREFIX = "pkce_";

export interface OneTimeToken {
  /** What the person types. */
  readonly otp: string;
  /** What the link carries. */
  readonly hash: string;
}

export function hashOtp(email: string, otp: string): string {
  return createHash("sha224").update(`${email}${otp}`).digest("hex");
}

export function newOneTimeToken(email: string, config: AuthToml, pkce: boolean): OneTimeToken {
  const length = config.email.otp_length;
  const otp = String(randomInt(10 ** length)).padStart(length, "0");
  return { otp, hash: `${pkce ? PKCE_PREFIX : ""}${hashOtp(email, otp)}` };
}

/** Remembers a token that is about to be sent; the former one of the same type ends. */
export async function storeOneTimeToken(
  db: Db,
  user: UserRow,
  type: OneTimeTokenType,
  hash: string,
  email: string,
  more: UserPatch = {},
): Promise<UserRow> {
  await db`
    insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (gen_random_uuid(), ${user.id}, ${type}, ${hash}, ${email})
    on conflict (user_id, token_type) do update
    set token_hash = excluded.token_hash, relates_to = excluded.relates_to,
      created_at = now(), updated_at = now()`;
  return updateUser(db, user.id, { ...more, [type]: hash, [SENT_AT[type]]: new Date() });
}

export async function clearOneTimeTokens(db: Db, userId: string, type?: OneTimeTokenType) {
  await db`
    delete from auth.one_time_tokens
    where user_id = ${userId} and (${type ?? null}::text is null or token_type::text = ${type ?? null})`;
}

export interface FoundToken {
  readonly userId: string;
  readonly type: OneTimeTokenType;
  readonly hash: string;
}

/**
 * Finds and locks the token, so that of two uses at once only one counts. A typed code does not know
 * whether its link was of the PKCE flow, so both forms are looked for.
 */
export async function findOneTimeToken(
  db: Db,
  hash: string,
  types: readonly OneTimeTokenType[],
): Promise<FoundToken | undefined> {
  const [row] = await db<{ user_id: string; token_type: OneTimeTokenType; token_hash: string }[]>`
    select user_id, token_type, token_hash from auth.one_time_tokens
    where token_hash in ${db([hash, `${PKCE_PREFIX}${hash}`])}
      and token_type::text in ${db([...types])}
    for update`;
  return row && { userId: row.user_id, type: row.token_type, hash: row.token_hash };
}

export function isTokenExpired(user: UserRow, type: OneTimeTokenType, config: AuthToml): boolean {
  const sentAt = user[SENT_AT[type]];
  return sentAt === null || Date.now() > sentAt.getTime() + config.email.otp_expiry * 1000;
}

/** Refuses another mail of this kind too soon after the last one. */
export function requireQuiet(user: UserRow, type: OneTimeTokenType, config: AuthToml): void {
  const sentAt = user[SENT_AT[type]];
  if (sentAt === null) return;
  const waitMs = sentAt.getTime() + config.email.max_frequency * 1000 - Date.now();
  if (waitMs <= 0) return;
  throw tooManyRequests(
    "over_email_send_rate_limit",
    `For security purposes, you can only request this after ${Math.ceil(waitMs / 1000)} seconds.`,
  );
}
