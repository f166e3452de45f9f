import { createHash, randomUUID } from "node:crypto";
import postgres from "postgres";
import { agree } from "./agree.ts";
import type { Action, Model } from "./model.ts";

/** A transaction in which one sequence is played; it is never kept. */
type Sql = postgres.TransactionSql;

/** Ends a savepoint without keeping what it did, and takes its answer along. */
class Undone extends Error {
  readonly answer: string | null;
  constructor(answer: string | null) {
    super("undone");
    this.answer = answer;
  }
}

/** One person with a database of its own, for as long as a sequence lasts. */
export class World {
  readonly #sql: Sql;
  readonly #userId = randomUUID();
  #verificationId: string | null = null;
  #lastEvent: { readonly text: string; readonly fields: postgres.JSONValue } | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Makes the person, with a complete profile and every consent. */
  async begin(): Promise<void> {
    const sql = this.#sql;
    const id = this.#userId;
    const name = id.replace(/[^a-f]/g, "x");
    await sql`
      insert into auth.users (id, email, aud, role, raw_user_meta_data)
      values (${id}, ${`${id}@example.com`}, 'authenticated', 'authenticated',
        ${sql.json({ first_name: name, last_name: name })})`;
    await sql`update public.profiles set date_of_birth = '1980-02-03' where user_id = ${id}`;
    await sql`
      insert into public.addresses (user_id, address_name, street_address_1, city, state_region, postal_code, country)
      values (${id}, 'Home', 'Main Street 1', 'Berlin', 'Berlin', '10115', 'DE')`;
    const texts = await sql<{ document: string; version: string }[]>`
      select document, private.current_consent_version(document) as version
      from unnest(enum_range(null::public.consent_document)) as document`;
    await this.#as("authenticated", async (tx) => {
      for (const { document, version } of texts) {
        await tx`select private.record_consent(${document}::text::public.consent_document, ${version})`;
      }
    });
  }

  /** Does it; the answer is an SQLSTATE, what became of an event, or null. */
  async perform(action: Action, model: Model): Promise<string | null> {
    if (action.kind !== "crash") return this.#attempt((sql) => this.#do(sql, action, model));
    const [known, event] = [this.#verificationId, this.#lastEvent];
    const answer = await this.#attempt(async (sql) => {
      throw new Undone(await this.#do(sql, action.action, model));
    });
    [this.#verificationId, this.#lastEvent] = [known, event];
    return answer;
  }

  /** What the database has of the newest verification. */
  async state(): Promise<unknown> {
    const [row] = await this.#sql`
      select verification.status, verification.attempt, cases.review_owner as "reviewOwner"
      from public.kyc_verifications as verification join private.kyc_cases as cases using (verification_id)
      where user_id = ${this.#userId} order by verification_id desc limit 1`;
    return row ?? { status: null, attempt: 0, reviewOwner: null };
  }

  /** Faults of the audit, and of what was queued: none. */
  async faults(): Promise<unknown[]> {
    if (this.#verificationId === null) return [];
    const audit = await this
      .#sql`select * from private.audit_verify(${`kyc:${this.#verificationId}`})`;
    const lost = await this.#sql`
      select attempt from private.kyc_attempts as sent
      where verification_id = ${this.#verificationId} and not exists (
        select from private.outbox where topic = 'provider.submit' and subject_id = sent.verification_id
          and (payload ->> 'attempt')::integer = sent.attempt)`;
    return [...audit, ...lost];
  }

  async #attempt(work: (sql: Sql) => Promise<string | null>): Promise<string | null> {
    let answer: string | null = null;
    try {
      await this.#sql.savepoint(async (sql) => {
        answer = await work(sql);
      });
      return answer;
    } catch (error) {
      if (error instanceof Undone) return error.answer;
      if (error instanceof postgres.PostgresError && error.code.startsWith("NF")) return error.code;
      throw error;
    }
  }

  #as<T>(role: string, work: (sql: Sql) => Promise<T>, sql: Sql = this.#sql): Promise<T> {
    const claims = { role, aal: "aal1", ...(role === "authenticated" && { sub: this.#userId }) };
    return sql`
      select set_config('role', ${role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`
      .then(() => work(sql))
      .then(async (result) => {
        await sql`select set_config('role', 'none', true), set_config('request.jwt.claims', '', true)`;
        return result;
      });
  }

  async #do(sql: Sql, action: Action, model: Model): Promise<string | null> {
    const id = this.#verificationId;
    switch (action.kind) {
      case "create": {
        const [row] = await this.#as(
          "authenticated",
          (tx) =>
            tx<
              { id: string }[]
            >`select private.kyc_create_verification() ->> 'verification_id' as id`,
          sql,
        );
        this.#verificationId = row?.id ?? null;
        this.#lastEvent = null;
        return null;
      }
      case "add_document":
        return this.#addDocument(sql);
      case "submit":
        await this.#as("authenticated", (tx) => tx`select private.kyc_submit(${id})`, sql);
        return null;
      case "cancel":
        await this.#as(
          "authenticated",
          (tx) => tx`select private.kyc_cancel_verification(${id})`,
          sql,
        );
        return null;
      case "accepted":
      case "refused":
        return this.#answer(sql, action.kind === "accepted");
      case "event":
        return this.#send(sql, action, model);
      case "old_attempt":
        return this.#ingest(sql, "approved", model.attempt - 1, 1_000 + model.sequence);
      case "staff":
        return this.#decide(sql, id, action.to);
      case "time":
        await sql`select private.shift_clock(make_interval(secs => ${action.seconds}))`;
        await sql`select * from private.run_schedules(1000, true)`;
        return null;
      case "crash":
        return this.#do(sql, action.action, model);
    }
  }

  async #decide(sql: Sql, id: string | null, to: string): Promise<null> {
    const [first, second] = await agree(sql, id, to);
    await sql`
      select private.kyc_transition(${id}, ${to}::text::public.kyc_status, 'staff', ${first}, 'manual_check', null, null,
        ${second})`;
    return null;
  }

  async #addDocument(sql: Sql): Promise<null> {
    const sha256 = createHash("sha256").update(randomUUID()).digest("hex");
    const facts = {
      size_bytes: 5_000,
      content_type: "image/jpeg",
      width_px: 900,
      height_px: 600,
      is_intact: true,
      has_metadata: false,
      sha256,
    };
    await this.#as(
      "authenticated",
      async (tx) => {
        const [row] = await tx<{ id: string }[]>`
          select private.kyc_add_document(${this.#verificationId}, 'passport', 'front', 'image/jpeg', 5000,
            ${sha256}) -> 'document' ->> 'document_id' as id`;
        await tx`
          select private.kyc_complete_document(${this.#verificationId}, ${row?.id ?? null}, ${tx.json(facts)})`;
      },
      sql,
    );
    return null;
  }

  async #answer(sql: Sql, isAccepted: boolean): Promise<null> {
    const [message] = await sql<{ id: string; attempt: number }[]>`
      update private.outbox set lease_id = gen_random_uuid()
      where message_id = (
        select message_id from private.outbox
        where topic = 'provider.submit' and subject_id = ${this.#verificationId} and status = 'pending'
        order by message_id limit 1)
      returning message_id as id, (payload ->> 'attempt')::integer as attempt`;
    if (!message) throw new Error("No submission waits.");
    const reference = this.#reference(message.attempt);
    if (isAccepted) {
      await sql`select private.kyc_provider_accepted(${message.id}, ${reference}, 202)`;
    } else {
      await sql`
        select private.outbox_failed(message_id, lease_id, 400, 'refused') from private.outbox
        where message_id = ${message.id}`;
    }
    return null;
  }

  #reference(attempt: number): string {
    return `ref-${this.#verificationId}-${attempt}`;
  }

  #send(sql: Sql, action: Action & { kind: "event" }, model: Model): Promise<string | null> {
    if (action.order === "twice" && this.#lastEvent) {
      return this.#deliver(sql, this.#lastEvent.fields, this.#lastEvent.text);
    }
    const sequence = action.order === "newer" ? model.sequence + 1 : model.sequence;
    return this.#ingest(sql, action.outcome, model.attempt, sequence);
  }

  #ingest(sql: Sql, outcome: string, attempt: number, sequence: number): Promise<string | null> {
    const fields = {
      event_id: `evt-${randomUUID()}`,
      type: `verification.${outcome}`,
      occurred_at: "2026-11-20T09:21:07.123Z",
      provider_reference: this.#reference(attempt),
      verification_id: this.#verificationId,
      attempt,
      sequence,
      outcome,
      reason_codes: ["image_unreadable"],
    };
    this.#lastEvent = { fields, text: JSON.stringify(fields) };
    return this.#deliver(sql, fields, this.#lastEvent.text);
  }

  async #deliver(sql: Sql, fields: postgres.JSONValue, text: string): Promise<string | null> {
    const [row] = await sql<{ result: string }[]>`
      select private.kyc_ingest_event('mock', ${sql.json(fields)}, ${text}) ->> 'result' as result`;
    return row?.result ?? null;
  }
}
