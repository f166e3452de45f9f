import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { credentialsOf, type IdentifyCaller } from "../caller.ts";
import type { ApiToml } from "../config-toml.ts";
import type { Service } from "../service.ts";
import type { CallerClaims } from "../tokens/claims.ts";
import { JSON_TYPES } from "./json-types.ts";
import { dictateAnswer } from "./postgres-errors.ts";
import { refuseKey, refuseRole, refuseToken } from "./refusals.ts";

export const REST_PREFIX = "/rest/v1/";

export interface DataApiOptions {
  readonly dbUrl: string;
  readonly api: ApiToml;
  readonly identify: IdentifyCaller;
}

export const API_ROLES = new Set(["anon", "authenticated", "service_role"]);
const CONNECTIONS = 10;

function connect({ dbUrl, api }: DataApiOptions) {
  const connection = createPostgresConnection({
    url: dbUrl,
    postgresOptions: {
      max: CONNECTIONS,
      onnotice: () => {},
      types: JSON_TYPES,
      connection: { search_path: api.extra_search_path.join(", ") },
    },
  });
  // On its first request the library grants everything in every schema to the API roles. Grants are
  // the project's own here, so it has to believe that this has been done.
  Reflect.set(connection, "rlsState", "active");
  Reflect.set(connection, "normalizeDbError", dictateAnswer);
  return connection;
}

/** Reloads the known tables and functions when DDL, or a client, says `notify pgrst`. */
async function reloadOnNotify(dbUrl: string, reload: () => void) {
  const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
  await sql.listen("pgrst", (payload) => {
    if (payload === "" || payload === "reload schema") reload();
  });
  return sql;
}

/**
 * The Data API: `@supabase/lite`'s PostgREST on our database. The caller is established here, and
 * handed over outside the request, so that no header can claim to be somebody.
 */
export async function createDataApi(options: DataApiOptions): Promise<Service> {
  const callers = new WeakMap<Request, CallerClaims>();
  const connection = connect(options);
  const app = new App({
    connection,
    auth: { enabled: false },
    storage: { enabled: false },
    studio: { enabled: false },
    api: { enabled: true, schemas: options.api.schemas, max_rows: options.api.max_rows },
    options: {
      server: {
        apiKeys: {
          resolver: async (_key, context) => ({
            type: "publishable",
            claims: { ...(callers.get(context.req.raw) ?? { role: "anon" }) },
          }),
        },
      },
    },
  });
  await app.init();
  // Requests go on with what was known until the new reading is complete.
  const introspect = async () => {
    await connection.introspect();
  };
  // One after the other: many statements of DDL cost few readings, and closing can wait for the last.
  let reading: Promise<void> = introspect();
  let queued = false;
  const reload = () => {
    if (queued) return;
    queued = true;
    reading = reading.then(() => {
      queued = false;
      return introspect();
    });
  };
  const listener = await reloadOnNotify(options.dbUrl, reload);
  await reading;

  return {
    async handle(request, peer) {
      const result = await options.identify(credentialsOf(request), "required");
      if (!result.ok) {
        return "refusal" in result ? refuseKey(result.refusal) : refuseToken(result.token);
      }
      const { role, claims } = result.caller;
      if (!API_ROLES.has(role)) return refuseRole(role);
      const inner = new Request(request);
      inner.headers.delete("authorization");
      callers.set(inner, claims ?? { role });
      return app.fetch(inner, { peerAddress: peer });
    },
    async close() {
      await listener.end({ timeout: 1 });
      await reading;
      await connection.driver.end({ timeout: 1 });
    },
  };
}
