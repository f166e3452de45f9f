import { type Db, service, user } from "./db.ts";

/** An export as its person sees it. */
export interface ExportAnswer {
  readonly export_id: string;
  readonly status: string;
  readonly version: number;
  readonly download_expires_at: string | null;
}

/** What a worker is told when it claims an export. */
export interface ExportClaim {
  readonly export_id: string;
  readonly lease_id: string;
  readonly user_id: string;
  readonly sections: readonly string[];
  readonly files: readonly { document_id: string; path: string; name: string }[];
  readonly left_out: readonly string[];
  readonly done: Readonly<Record<string, readonly { path: string; name: string }[]>>;
}

/** A request for erasure as its person sees it. */
export interface ErasureAnswer {
  readonly erasure_request_id: string;
  readonly status: string;
  readonly erased_now: readonly string[];
  readonly erasable_after: string | null;
}

/** The one row of a query, which must be there. */
export function the<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error("The query returned nothing.");
  return row;
}

/** Moves the clock of the test's transaction. */
export const later = (db: Db, by: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${by}::text::interval)`);

export async function requestExport(db: Db, userId: string): Promise<ExportAnswer> {
  const rows = await db.as(
    user(userId),
    (sql) => sql<{ value: ExportAnswer }[]>`select private.request_export() as value`,
  );
  return the(rows).value;
}

export async function readExport(db: Db, userId: string, exportId: string): Promise<ExportAnswer> {
  const rows = await db.as(
    user(userId),
    (sql) => sql<{ value: ExportAnswer }[]>`select private.get_export(${exportId}) as value`,
  );
  return the(rows).value;
}

export async function claimExport(db: Db): Promise<ExportClaim | null> {
  const rows = await db.as(
    service,
    (sql) => sql<{ value: ExportClaim | null }[]>`select private.claim_export() as value`,
  );
  return the(rows).value;
}

export async function noteStep(
  db: Db,
  { export_id, lease_id }: Pick<ExportClaim, "export_id" | "lease_id">,
  step: string,
  objects: { path: string; name: string }[] = [],
): Promise<boolean> {
  const rows = await db.as(
    service,
    (sql) => sql<{ value: boolean }[]>`
      select private.export_step(${export_id}, ${lease_id}, ${step}, ${sql.json(objects)}) as value`,
  );
  return the(rows).value;
}

/** An export whose worker has written one file and finished. */
export async function createReadyExport(db: Db, userId: string): Promise<ExportClaim> {
  await requestExport(db, userId);
  const claim = await claimExport(db);
  if (claim?.user_id !== userId) throw new Error("Another export was due.");
  await noteStep(db, claim, "contents", [
    { path: `${claim.export_id}/contents`, name: "contents.json" },
  ]);
  await db.as(
    service,
    (sql) => sql`select private.finish_export(${claim.export_id}, ${claim.lease_id})`,
  );
  return claim;
}

export async function takeExport(db: Db, userId: string, exportId: string): Promise<unknown> {
  const rows = await db.as(
    user(userId),
    (sql) => sql<{ value: unknown }[]>`select private.take_export(${exportId}) as value`,
  );
  return the(rows).value;
}

export async function requestErasure(db: Db, userId: string): Promise<ErasureAnswer> {
  const rows = await db.as(
    user(userId),
    (sql) => sql<{ value: ErasureAnswer }[]>`select private.request_erasure() as value`,
  );
  return the(rows).value;
}

/** Runs the jobs that are due. */
export async function runSchedules(db: Db): Promise<void> {
  const rows = await db.as(
    service,
    (sql) => sql`select job, error from private.run_schedules(1000, true) where error is not null`,
  );
  if (rows.length > 0) throw new Error(`Jobs failed: ${JSON.stringify(rows)}`);
}

/** Claims every due message and says that it arrived; returns their topics. */
export async function deliverAll(db: Db): Promise<string[]> {
  return db.as(service, async (sql) => {
    const rows = await sql<{ topic: string }[]>`
      select claimed.topic, private.outbox_sent(claimed.message_id, 200)
      from private.outbox_claim(1000) as claimed`;
    return rows.map(({ topic }) => topic).sort();
  });
}

/** How a request stands in its table. */
export async function erasureOf(db: Db, userId: string) {
  return the(
    await db.sql<
      {
        status: string;
        completed_at: Date | null;
        provider_erased_at: Date | null;
        last_error: string | null;
      }[]
    >`
      select status, completed_at, provider_erased_at, last_error
      from private.erasure_requests where user_id = ${userId}`,
  );
}

/** The actions in the audit stream of a person, oldest first. */
export async function actionsOf(db: Db, userId: string): Promise<string[]> {
  const rows = await db.sql<{ action: string }[]>`
    select action from private.audit_log where stream = ${`user:${userId}`} order by sequence`;
  return rows.map(({ action }) => action);
}

/** Does to an account what Auth does when it is told to delete it softly. */
export async function eraseInAuth(db: Db, userId: string): Promise<void> {
  await db.sql`update auth.users
    set email = 'hash-' || id, encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
      deleted_at = now()
    where id = ${userId}`;
  await db.sql`insert into auth.audit_log_entries (id, payload)
    values (gen_random_uuid(), ${db.sql.json({ action: "user_deleted", traits: { user_id: userId, user_email: `${userId}@example.com` } })})`;
}
