import { randomUUID } from "node:crypto";
import { agree } from "../../scripts/bench/model/agree.ts";
import { type Db, migrator, service, user } from "./db.ts";

/** A hash that no other document has. */
export const newSha256 = (): string => `${randomUUID()}${randomUUID()}`.replaceAll("-", "");

/** An account as Auth makes it; the trigger makes its profile. */
export async function createUser(db: Db, metadata: Record<string, string> = {}): Promise<string> {
  const id = randomUUID();
  await db.sql`insert into auth.users (id, email, aud, role, raw_user_meta_data)
    values (${id}, ${`${id}@example.com`}, 'authenticated', 'authenticated', ${db.sql.json(metadata)})`;
  return id;
}

/** A person who has told everything that a submission needs. */
export async function createPerson(db: Db): Promise<string> {
  const id = await createUser(db, { first_name: "Anna", last_name: "Schmidt" });
  await completePerson(db, id);
  return id;
}

export async function completePerson(db: Db, id: string): Promise<void> {
  await db.as(user(id), async (sql) => {
    await sql`select private.update_me('{"first_name": "Anna", "last_name": "Schmidt", "date_of_birth": "1990-04-23"}', null)`;
    await sql`select private.put_my_address(${sql.json(address())}, null)`;
    await sql`select private.record_consent(document, '2026-11-01')
      from unnest(enum_range(null::public.consent_document)) as document`;
  });
}

export const address = (changes: Record<string, string> = {}): Record<string, string> => ({
  address_name: "Home",
  street_address_1: "Lindenstraße 12",
  city: "Berlin",
  state_region: "Berlin",
  postal_code: "10969",
  country: "DE",
  ...changes,
});

/** A member of staff with these roles. */
export async function createStaff(db: Db, ...roles: string[]): Promise<string> {
  const id = await createUser(db, { first_name: "Rosa", last_name: "Reviewer" });
  for (const role of roles) {
    await db.sql`insert into private.user_roles (user_id, role) values (${id}, ${role}::text::public.staff_role)`;
  }
  return id;
}

export async function createDraft(db: Db, userId: string): Promise<string> {
  return db.as(user(userId), async (sql) => {
    const [row] = await sql<{ id: string }[]>`
      select private.kyc_create_verification() ->> 'verification_id' as id`;
    if (!row) throw new Error("No draft was made.");
    return row.id;
  });
}

export interface Announced {
  readonly documentId: string;
  readonly storagePath: string;
  readonly sha256: string;
}

/** Announces a document of 5000 bytes; nothing is uploaded yet. */
export async function announceDocument(
  db: Db,
  userId: string,
  verificationId: string,
  options: { type?: string; side?: string; sha256?: string } = {},
): Promise<Announced> {
  const sha256 = options.sha256 ?? newSha256();
  return db.as(user(userId), async (sql) => {
    const [row] = await sql<{ id: string; path: string }[]>`
      select answer -> 'document' ->> 'document_id' as id, answer ->> 'storage_path' as path
      from private.kyc_add_document(
        ${verificationId}, ${options.type ?? "passport"}::text::public.document_type,
        ${options.side ?? "front"}::text::public.document_side, 'image/jpeg', 5000, ${sha256}) as answer`;
    if (!row) throw new Error("No document was announced.");
    return { documentId: row.id, storagePath: row.path, sha256 };
  });
}

/** What a good JPEG of the announced size looks like to the check. */
export const goodFacts = (sha256: string) => ({
  size_bytes: 5000,
  content_type: "image/jpeg",
  width_px: 1200,
  height_px: 800,
  is_intact: true,
  has_metadata: false,
  sha256,
});

/** A document whose bytes have passed the check. */
export async function addDocument(
  db: Db,
  userId: string,
  verificationId: string,
  options: { type?: string; side?: string; sha256?: string } = {},
): Promise<string> {
  const announced = await announceDocument(db, userId, verificationId, options);
  await db.as(
    user(userId),
    (sql) => sql`select private.kyc_complete_document(
      ${verificationId}, ${announced.documentId}, ${sql.json(goodFacts(announced.sha256))})`,
  );
  return announced.documentId;
}

export interface Submitted {
  readonly userId: string;
  readonly verificationId: string;
  readonly documentId: string;
  readonly messageId: string;
}

export async function submit(db: Db, userId: string, verificationId: string): Promise<string> {
  await db.as(user(userId), (sql) => sql`select private.kyc_submit(${verificationId})`);
  const [message] = await db.sql<{ id: string }[]>`
    select message_id as id from private.outbox
    where subject_id = ${verificationId} and topic = 'provider.submit'
    order by message_id desc limit 1`;
  if (!message) throw new Error("No message was queued.");
  return message.id;
}

/** A verification that waits to be sent to the provider. */
export async function createSubmitted(db: Db): Promise<Submitted> {
  const userId = await createPerson(db);
  const verificationId = await createDraft(db, userId);
  const documentId = await addDocument(db, userId, verificationId);
  return {
    userId,
    verificationId,
    documentId,
    messageId: await submit(db, userId, verificationId),
  };
}

/** A verification that the provider has taken, with its reference there. */
export async function createProcessing(db: Db): Promise<Submitted & { reference: string }> {
  const submitted = await createSubmitted(db);
  const reference = `ref_${randomUUID()}`;
  await db.as(
    service,
    (sql) => sql`select private.kyc_provider_accepted(${submitted.messageId}, ${reference}, 202)`,
  );
  return { ...submitted, reference };
}

/** Moves a verification with the transition function itself, as the migrating role may. */
export async function move(
  db: Db,
  verificationId: string,
  to: string,
  actor: string,
  reason: string | null = null,
): Promise<void> {
  const [first, second] =
    actor === "staff" ? await agree(db.sql, verificationId, to) : (["test", null] as const);
  await db.as(
    migrator,
    (sql) => sql`select private.kyc_transition(${verificationId}, ${to}::text::public.kyc_status,
      ${actor}::text::public.kyc_actor, ${first}, ${reason}, null, null, ${second})`,
  );
}

export async function statusOf(db: Db, verificationId: string): Promise<string | undefined> {
  const [row] = await db.sql<{ status: string }[]>`
    select status from public.kyc_verifications where verification_id = ${verificationId}`;
  return row?.status;
}
