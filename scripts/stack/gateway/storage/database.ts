import postgres, { type Sql, type TransactionSql } from "postgres";
import type { Caller } from "../caller.ts";
import { accessDenied, keyExists, relatedMissing } from "./errors.ts";

export type Db = Sql | TransactionSql;

const CONNECTIONS = 8;

/** Storage's own connections; they act as the owner of its tables, whom policies do not bind. */
export function connectStorage(dbUrl: string): Sql {
  return postgres(dbUrl, {
    max: CONNECTIONS,
    onnotice: () => {},
    connection: {
      role: "supabase_storage_admin",
      search_path: "storage",
      application_name: "storage",
      "storage.can_delete": "true",
    },
  });
}

/** What Postgres refused, in the words of Storage; other errors stay as they are. */
export function translate(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError)) return error;
  switch (error.code) {
    case "42501":
      return accessDenied(error.message.includes("row-level security") ? undefined : error.message);
    case "23505":
      return keyExists();
    case "23503":
      return relatedMissing();
    default:
      return error;
  }
}

async function becomeCaller(tx: TransactionSql, caller: Caller, operation: string): Promise<void> {
  const claims = JSON.stringify(caller.claims ?? { role: caller.role });
  await tx`
    select set_config('role', ${caller.role}, true),
      set_config('request.jwt.claims', ${claims}, true),
      set_config('request.jwt.claim.sub', ${caller.claims?.sub ?? ""}, true),
      set_config('request.jwt.claim.role', ${caller.role}, true),
      set_config('storage.operation', ${operation}, true)`;
}

/** Runs queries as the caller, under the policies of `storage.objects` and `storage.buckets`. */
export async function asCaller<T>(
  sql: Sql,
  caller: Caller,
  operation: string,
  work: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  try {
    const box = await sql.begin(async (tx) => {
      await becomeCaller(tx, caller, operation);
      return { value: await work(tx) };
    });
    return box.value;
  } catch (error) {
    throw translate(error);
  }
}

class Undo extends Error {}

/** Asks the policies whether the caller may do this, and leaves no trace of the attempt. */
export async function probe(
  sql: Sql,
  caller: Caller,
  operation: string,
  attempt: (tx: TransactionSql) => Promise<unknown>,
): Promise<void> {
  try {
    await asCaller(sql, caller, operation, async (tx) => {
      await attempt(tx);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
}

export interface BucketRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly public: boolean;
  readonly file_size_limit: number | null;
  readonly allowed_mime_types: string[] | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface ObjectMetadata {
  readonly eTag: string;
  readonly size: number;
  readonly mimetype: string;
  readonly cacheControl: string;
  readonly lastModified: string;
  readonly contentLength: number;
  readonly httpStatusCode: number;
}

export interface ObjectRow {
  readonly id: string;
  readonly bucket_id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly owner_id: string | null;
  readonly version: string | null;
  readonly metadata: ObjectMetadata | null;
  readonly user_metadata: Record<string, unknown> | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly last_accessed_at: Date;
}
