import type { Db, UserRow } from "./database.ts";
import type { JsonMap } from "./json.ts";

/** The kinds of entries of Supabase Auth's audit log that the local stack writes. */
const LOG_TYPES = {
  login: "account",
  logout: "account",
  user_signedup: "team",
  user_invited: "team",
  user_deleted: "team",
  user_modified: "user",
  user_recovery_requested: "user",
  user_reauthenticate_requested: "user",
  user_confirmation_requested: "user",
  user_repeated_signup: "user",
  user_updated_password: "user",
  token_refreshed: "token",
  token_revoked: "token",
  factor_in_progress: "factor",
  factor_unenrolled: "factor",
  challenge_created: "factor",
  verification_attempted: "factor",
  factor_deleted: "factor",
} as const;

export type AuditAction = keyof typeof LOG_TYPES;

export interface AuditActor {
  readonly id: string;
  readonly username: string;
}

export const actorOf = (user: UserRow): AuditActor => ({ id: user.id, username: user.email ?? "" });

/** Someone with the secret key; it is nobody in particular. */
export const ADMIN_ACTOR: AuditActor = {
  id: "00000000-0000-0000-0000-000000000000",
  username: "service_role",
};

export async function audit(
  db: Db,
  actor: AuditActor,
  action: AuditAction,
  traits?: JsonMap,
): Promise<void> {
  const payload: JsonMap = {
    action,
    actor_id: actor.id,
    actor_username: actor.username,
    actor_via_sso: false,
    log_type: LOG_TYPES[action],
    ...(traits ? { traits } : {}),
  };
  await db`
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), ${db.json(payload)}, now(), '')`;
}
