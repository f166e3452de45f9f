import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { AuthenticationMethod } from "./claims.ts";
import type { AuthContext, Client } from "./context.ts";
import type { Db } from "./database.ts";
import {
  AuthError,
  badRequest,
  notFound,
  unprocessable,
  userBanned,
  validationFailed,
} from "./errors.ts";
import { openSession, type TokenResponse } from "./sessions.ts";
import { findUserById, isBanned } from "./users.ts";

/** How long a code may wait to be exchanged. */
const FLOW_EXPIRY_MS = 300_000;

export const pkceFields = {
  code_challenge: z.string().nullish(),
  code_challenge_method: z.string().nullish(),
};

export interface Challenge {
  readonly value: string;
  readonly method: "s256" | "plain";
}

/** The PKCE challenge of a request; undefined when the flow is implicit. */
export function challengeOf(body: {
  readonly code_challenge?: string | null | undefined;
  readonly code_challenge_method?: string | null | undefined;
}): Challenge | undefined {
  const value = body.code_challenge ?? "";
  const method = (body.code_challenge_method ?? "").toLowerCase();
  if (value === "" && method === "") return undefined;
  if (value === "" || method === "") {
    throw validationFailed("PKCE flow requires code_challenge_method and code_challenge");
  }
  if (value.length < 43 || value.length > 128 || !/^[A-Za-z0-9._~-]+$/.test(value)) {
    throw validationFailed("code challenge has to be between 43 and 128 characters");
  }
  if (method !== "s256" && method !== "plain") {
    throw validationFailed("Invalid code_challenge_method");
  }
  return { value, method };
}

/** What the provider gave for its own API; handed to the application once. */
export interface ProviderTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

interface FlowRow {
  readonly id: string;
  readonly user_id: string | null;
  readonly auth_code: string | null;
  readonly code_challenge: string | null;
  readonly code_challenge_method: "s256" | "plain" | null;
  readonly authentication_method: AuthenticationMethod;
  readonly auth_code_issued_at: Date;
  readonly provider_access_token: string | null;
  readonly provider_refresh_token: string | null;
}

/** Remembers the challenge until the mail's link is followed. */
export async function startFlow(
  db: Db,
  challenge: Challenge,
  method: AuthenticationMethod,
  userId: string,
): Promise<void> {
  await db`
    insert into auth.flow_state (id, user_id, auth_code, code_challenge, code_challenge_method,
      provider_type, authentication_method, created_at, updated_at)
    values (gen_random_uuid(), ${userId}, gen_random_uuid()::text, ${challenge.value},
      ${challenge.method}, 'email', ${method}, now(), now())`;
}

/** Remembers the challenge of an application whose visitor goes to a provider now. */
export async function startProviderFlow(
  db: Db,
  challenge: Challenge,
  provider: string,
): Promise<string> {
  const [flow] = await db<{ id: string }[]>`
    insert into auth.flow_state (id, auth_code, code_challenge, code_challenge_method,
      provider_type, authentication_method, created_at, updated_at)
    values (gen_random_uuid(), gen_random_uuid()::text, ${challenge.value}, ${challenge.method},
      ${provider}, 'oauth', now(), now())
    returning id`;
  if (!flow) throw new Error("the flow was not stored");
  return flow.id;
}

/** The code for the application, once its visitor has come back from the provider. */
export async function finishProviderFlow(
  db: Db,
  flowId: string,
  userId: string,
  tokens: ProviderTokens,
): Promise<string> {
  const [flow] = await db<FlowRow[]>`
    update auth.flow_state
    set user_id = ${userId}, auth_code_issued_at = now(), updated_at = now(),
      provider_access_token = ${tokens.accessToken},
      provider_refresh_token = ${tokens.refreshToken ?? null}
    where id = ${flowId} returning *`;
  if (!flow?.auth_code) throw NO_FLOW();
  return flow.auth_code;
}

/** The code that the followed link hands to the application. */
export async function issueCode(
  db: Db,
  userId: string,
  method: AuthenticationMethod,
): Promise<string> {
  const [flow] = await db<FlowRow[]>`
    update auth.flow_state set auth_code_issued_at = now(), updated_at = now()
    where id = (select id from auth.flow_state
      where user_id = ${userId} and authentication_method = ${method}
      order by created_at desc limit 1)
    returning *`;
  if (!flow?.auth_code) {
    throw badRequest("flow_state_not_found", "No associated flow state found.");
  }
  return flow.auth_code;
}

function verifierFits(verifier: string, { code_challenge, code_challenge_method }: FlowRow) {
  const proof =
    code_challenge_method === "s256"
      ? createHash("sha256").update(verifier).digest("base64url")
      : verifier;
  const [given, expected] = [Buffer.from(proof), Buffer.from(code_challenge ?? "")];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const NO_FLOW = () =>
  notFound("flow_state_not_found", "invalid flow state, no valid flow state found");

async function exchangeIn(
  context: AuthContext,
  db: Db,
  authCode: string,
  verifier: string,
  client: Client,
): Promise<TokenResponse | AuthError> {
  const [flow] = await db<FlowRow[]>`
    select * from auth.flow_state
    where auth_code = ${authCode} and auth_code_issued_at is not null for update`;
  if (!flow?.user_id) return NO_FLOW();
  if (Date.now() - flow.auth_code_issued_at.getTime() > FLOW_EXPIRY_MS) {
    return unprocessable("flow_state_expired", "invalid flow state, flow state has expired");
  }
  if (!verifierFits(verifier, flow)) {
    return badRequest(
      "bad_code_verifier",
      "code challenge does not match previously saved code verifier",
    );
  }
  // A code counts once, whatever comes of it.
  await db`delete from auth.flow_state where id = ${flow.id}`;
  const user = await findUserById(db, flow.user_id);
  if (!user) return NO_FLOW();
  if (isBanned(user)) return userBanned();
  const session = await openSession(context, db, user.id, flow.authentication_method, client);
  const { provider_access_token: token, provider_refresh_token: refreshToken } = flow;
  return {
    ...session,
    ...(token === null ? {} : { provider_token: token }),
    ...(refreshToken === null ? {} : { provider_refresh_token: refreshToken }),
  };
}

/** `grant_type=pkce` */
export async function exchangeCode(
  context: AuthContext,
  authCode: string,
  verifier: string,
  client: Client,
): Promise<TokenResponse> {
  if (!authCode || !verifier) {
    throw validationFailed("invalid request: both auth code and code verifier should be non-empty");
  }
  const result = await context.sql.begin((tx) =>
    exchangeIn(context, tx, authCode, verifier, client),
  );
  if (result instanceof AuthError) throw result;
  return result;
}
