import postgres from "postgres";
import { describe, expect } from "vitest";
import { anon, type Caller, type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createProcessing,
  createSubmitted,
  createUser,
  move,
  statusOf,
} from "../../../helpers/db-fixtures.ts";
import type { OwnDatabase } from "../../../helpers/db-own.ts";

const sent = ({ sql }: Pick<Db, "sql">, userId: string) => sql`
  select event, private, extension, payload - 'id' as payload from realtime.messages
  where topic = ${`user:${userId}`} order by (payload ->> 'version')::int`;

const SEND = "realtime.send(payload jsonb, event text, topic text, private boolean)";
const HIDE = "alter function realtime.send(jsonb, text, text, boolean) rename to send_kept";
const SHOW = "alter function realtime.send_kept(jsonb, text, text, boolean) rename to send";

/** Changes what belongs to the platform, and puts it back. */
async function withPlatform(
  db: Db,
  { adminUrl }: OwnDatabase,
  change: string,
  undo: string,
  work: () => Promise<void>,
): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await admin.unsafe(change);
    // A transaction learns of changed functions when it takes a lock that it does not have.
    await db.sql`lock table public.profiles in share row exclusive mode`;
    await work();
  } finally {
    await admin.unsafe(undo);
    await admin.end();
  }
}

describe("a status that changes", () => {
  test("is sent to the person's private channel: ids and status, nothing else", async ({ db }) => {
    const { userId, verificationId } = await createProcessing(db);
    await move(db, verificationId, "in_review", "provider", "sanctions_hit");
    const messages = await sent(db, userId);
    const newest = messages.at(-1);
    expect(newest).toEqual({
      event: "kyc.status",
      private: true,
      extension: "broadcast",
      payload: {
        verification_id: verificationId,
        status: "in_review",
        user_status: "pending",
        version: expect.any(Number),
      },
    });
    expect(messages.map(({ payload }) => payload.status)).toEqual([
      "draft",
      "submitted",
      "processing",
      "in_review",
    ]);
    expect(JSON.stringify(messages)).not.toContain("sanctions");
  });

  test("and one that stays is not sent again", async ({ db }) => {
    const id = await createPerson(db);
    const verificationId = await createDraft(db, id);
    await addDocument(db, id, verificationId);
    expect(await sent(db, id)).toHaveLength(1);
  });

  test("changes although sending fails", async ({ db, database }) => {
    const { verificationId, userId } = await createSubmitted(db);
    const before = await sent(db, userId);
    const broken = `create function ${SEND} returns void language plpgsql as
      $$ begin raise exception 'no room'; end $$`;
    await withPlatform(
      db,
      database,
      `${HIDE}; ${broken}`,
      `drop function ${SEND}; ${SHOW}`,
      async () => {
        await move(db, verificationId, "processing", "provider");
      },
    );
    expect(await statusOf(db, verificationId)).toBe("processing");
    expect([...(await sent(db, userId))]).toEqual([...before]);
  });

  test("changes where there is no Realtime at all", async ({ db, database }) => {
    const { verificationId } = await createSubmitted(db);
    await withPlatform(db, database, HIDE, SHOW, async () => {
      await move(db, verificationId, "processing", "provider");
    });
    expect(await statusOf(db, verificationId)).toBe("processing");
  });
});

describe("messages", () => {
  test("are seen by the person of the channel and by nobody else", async ({ db }) => {
    const [ada, bob] = [await createPerson(db), await createUser(db)];
    await createDraft(db, ada);
    const seenBy = (caller: Caller) =>
      db.as(caller, (sql) => sql`select topic, event from realtime.messages`);
    expect(await seenBy(user(ada))).toEqual([{ topic: `user:${ada}`, event: "kyc.status" }]);
    expect(await seenBy(user(bob))).toEqual([]);
    expect(await seenBy(anon)).toEqual([]);
  });

  test("of presence are not to be seen, even on the own channel", async ({ db }) => {
    const id = await createUser(db);
    await db.sql`insert into realtime.messages (topic, extension) values (${`user:${id}`}, 'presence')`;
    const seen = await db.as(user(id), (sql) => sql`select 1 from realtime.messages`);
    expect(seen).toEqual([]);
  });

  test.for(["own", "other"])("can't be written by people: %s channel", async (whose, { db }) => {
    const [ada, bob] = [await createUser(db), await createUser(db)];
    const topic = `user:${whose === "own" ? ada : bob}`;
    await expectDenied(db, "42501", {
      as: user(ada),
      does: (sql) => sql`
        insert into realtime.messages (topic, extension, private, event, payload)
        values (${topic}, 'broadcast', true, 'kyc.status', '{"status": "approved"}')`,
      keeps: (sql) => sql`select id from realtime.messages where topic = ${topic}`,
    });
  });
});
