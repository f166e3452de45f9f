import { z } from "zod";
import type { AuthToml } from "../config-toml.ts";
import type { ClaimsHook } from "./claims.ts";
import { AuthError } from "./errors.ts";
import { jsonMap } from "./json.ts";

/** What a token needs whatever a hook does: without it no service would understand the token. */
const answer = z.object({
  claims: z
    .looseObject({
      iss: z.string(),
      sub: z.string(),
      aud: z.string(),
      exp: z.number(),
      iat: z.number(),
      email: z.string(),
      phone: z.string(),
      role: z.string(),
      aal: z.enum(["aal1", "aal2"]),
      amr: z.array(z.object({ method: z.string(), timestamp: z.number() })),
      session_id: z.string(),
      is_anonymous: z.boolean(),
      app_metadata: z.record(z.string(), z.unknown()),
      user_metadata: z.record(z.string(), z.unknown()),
    })
    .readonly(),
});

const refusal = z.object({
  error: z.object({ http_code: z.int().optional(), message: z.string() }),
});

/** `pg-functions://postgres/<schema>/<function>`: schema and function. */
function functionOf(uri: string): readonly [schema: string, name: string] {
  const [, schema, name] =
    /^pg-functions:\/\/[^/]+\/([a-z_][a-z0-9_]*)\/([a-z_][a-z0-9_]*)$/.exec(uri) ?? [];
  if (schema === undefined || name === undefined) {
    throw new Error(
      `auth.hook.custom_access_token.uri is not pg-functions://postgres/<schema>/<function>: ${uri}`,
    );
  }
  return [schema, name];
}

/**
 * The custom access token hook of `config.toml`, if it is enabled: a function of the database, called
 * as `supabase_auth_admin` for each access token.
 */
export function createClaimsHook({ hook }: AuthToml): ClaimsHook | undefined {
  const { enabled, uri } = hook.custom_access_token;
  if (!enabled) return undefined;
  const path = functionOf(uri).join(".");
  return async ({ userId, claims, occasion }, db) => {
    const event = jsonMap.parse({ user_id: userId, claims, authentication_method: occasion });
    const [row] = await db<{ output: unknown }[]>`select ${db(path)}(${db.json(event)}) as output`;
    const refused = refusal.safeParse(row?.output);
    if (refused.success) {
      const { http_code = 500, message } = refused.data.error;
      throw new AuthError(http_code, "unexpected_failure", message);
    }
    const result = answer.safeParse(row?.output);
    if (result.success) return result.data.claims;
    throw new AuthError(
      500,
      "unexpected_failure",
      "output claims do not conform to the expected schema",
    );
  };
}
