import { randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { BenchContext } from "./context.ts";

/** People in one transaction. */
const BATCH = 250;
const SIZE_BYTES = 5_000;

/**
 * Makes people with a submission that waits in the outbox. It goes through the SQL functions that the
 * operations call; only Auth, the upload and the look at the bytes are left out. Nobody shares a name or a
 * document with anybody, so the rules find nothing. No worker takes a message before {@link releaseSubmissions}.
 *
 * @param tag chooses what the mock provider does
 */
export async function createSubmissions(
  { sql, log }: Pick<BenchContext, "sql" | "log">,
  count: number,
  tag: string,
): Promise<void> {
  log(`preparing ${count} submissions …`);
  for (let done = 0; done < count; done += BATCH) {
    await sql.begin(async (tx) => {
      for (let index = done; index < Math.min(done + BATCH, count); index += 1) {
        await submitAsSomebody(tx, tag);
      }
      await tx`reset role`;
      await tx`
        update private.outbox set next_attempt_at = 'infinity'
        where topic = 'provider.submit' and status = 'pending' and attempts = 0`;
    });
  }
  await sql`analyze`;
}

/** Makes the submissions due; how many they are. */
export async function releaseSubmissions({ sql }: Pick<BenchContext, "sql">): Promise<number> {
  const { count } = await sql`
    update private.outbox set next_attempt_at = private.now()
    where topic = 'provider.submit' and status = 'pending' and next_attempt_at = 'infinity'`;
  return count;
}

async function submitAsSomebody(tx: postgres.TransactionSql, tag: string): Promise<void> {
  const userId = randomUUID();
  await tx`reset role`;
  await tx`
    insert into auth.users (id, email, aud, role, raw_user_meta_data)
    values (${userId}, ${`${userId}+${tag}@example.com`}, 'authenticated', 'authenticated', '{}')`;
  const claims = JSON.stringify({ sub: userId, role: "authenticated" });
  await tx`
    select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
  await tx`
    select private.update_me(${tx.json({ first_name: newName(), last_name: newName(), date_of_birth: "1990-04-23" })}, null),
      private.put_my_address(${tx.json(ADDRESS)}, null)`;
  await tx`
    select private.record_consent((document ->> 'document')::public.consent_document, document ->> 'version')
    from jsonb_array_elements(private.list_consent_documents()) as document`;
  const [draft] = await tx<{ id: string }[]>`
    select private.kyc_create_verification() ->> 'verification_id' as id`;
  if (!draft) throw new Error("No draft was made.");
  for (const type of ["passport", "proof_of_address"]) await addDocument(tx, draft.id, type);
  await tx`select private.kyc_submit(${draft.id})`;
}

async function addDocument(
  tx: postgres.TransactionSql,
  verificationId: string,
  type: string,
): Promise<void> {
  const sha256 = randomBytes(32).toString("hex");
  const [added] = await tx<{ id: string; path: string }[]>`
    select answer -> 'document' ->> 'document_id' as id, answer ->> 'storage_path' as path
    from private.kyc_add_document(${verificationId}, ${type}::text::public.document_type, 'front',
      'image/jpeg', ${SIZE_BYTES}, ${sha256}) as answer`;
  if (!added) throw new Error("No document was announced.");
  // The policy of the bucket lets its owner do this, as it does with an upload.
  await tx`
    insert into storage.objects (bucket_id, name, owner, owner_id, metadata)
    values ('kyc-documents', ${added.path}, auth.uid(), auth.uid()::text, '{"mimetype": "image/jpeg"}')`;
  const facts = {
    size_bytes: SIZE_BYTES,
    content_type: "image/jpeg",
    width_px: 1_200,
    height_px: 800,
    is_intact: true,
    has_metadata: false,
    sha256,
  };
  await tx`select private.kyc_complete_document(${verificationId}, ${added.id}, ${tx.json(facts)})`;
}

/** Letters only, as in a name. */
function newName(): string {
  return `X${[...randomBytes(16)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("")}`;
}

const ADDRESS = {
  address_name: "Home",
  street_address_1: "Main Street 1",
  city: "Berlin",
  state_region: "Berlin",
  postal_code: "10115",
  country: "DE",
};
