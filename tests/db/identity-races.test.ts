import postgres from "postgres";
import { expect } from "vitest";
import { test as base, type Caller, Db, machine, operator, user } from "../helpers/db.ts";
import { createStaff, createUser } from "../helpers/db-fixtures.ts";
import { createKey, newSecret } from "../helpers/db-operators.ts";

/** What happens on several connections at once has to be committed: this file's own database takes it. */
const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 20, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

/** Does something as somebody and commits it; the SQLSTATE when it was refused. */
async function attempt(
  pool: postgres.Sql,
  as: Caller,
  work: (sql: Db["sql"]) => Promise<unknown>,
): Promise<string> {
  return pool
    .begin(async (sql) => {
      await new Db(sql).as(as, work);
    })
    .then(
      () => "done",
      (error: { code: string }) => error.code,
    );
}

/** Arranges something and commits it. */
async function arrange<T>(pool: postgres.Sql, work: (db: Db) => Promise<T>): Promise<T> {
  const outcome: { value?: { readonly result: T } } = {};
  await pool.begin(async (sql) => {
    outcome.value = { result: await work(new Db(sql)) };
  });
  if (!outcome.value) throw new Error("Nothing was arranged.");
  return outcome.value.result;
}

const activeAdmins = async (pool: postgres.Sql) => {
  const rows = await pool`
    select from private.user_roles join public.profiles using (user_id)
    where role = 'admin' and not is_soft_deleted and suspended_at is null`;
  return rows.length;
};

test("administrators who take each other's role, delete or suspend each other: one is always left", async ({
  pool,
}) => {
  for (let round = 0; round < 10; round += 1) {
    const [one, two] = await arrange(pool, async (db) => [
      await createStaff(db, "admin"),
      await createStaff(db, "admin"),
    ]);
    await pool`delete from private.user_roles where role = 'admin' and user_id not in (${one}, ${two})`;
    const acts = [
      attempt(
        pool,
        user(one),
        (sql) => sql`select private.put_user_roles(${two}, '[]', null, null)`,
      ),
      attempt(
        pool,
        user(two),
        (sql) => sql`select private.put_user_roles(${one}, '[]', null, null)`,
      ),
      attempt(pool, operator(one), (sql) => sql`select private.nff_soft_delete_user(${two})`),
      attempt(
        pool,
        operator(two),
        (sql) => sql`select private.nff_permanently_delete_user(${one})`,
      ),
      pool`update public.profiles set suspended_at = now() where user_id = ${one}`.then(
        () => "done",
        (error: { code: string }) => error.code,
      ),
    ];
    const outcomes = await Promise.all(acts);
    expect(await activeAdmins(pool), outcomes.join(" ")).toBe(1);
    expect(outcomes).toContain("done");
  }
});

test("twenty changes of one person with one version: one is made", async ({ pool }) => {
  const [admin, id] = await arrange(pool, async (db) => [
    await createStaff(db, "admin"),
    await createUser(db),
  ]);
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      attempt(
        pool,
        operator(admin),
        (sql) =>
          sql`select private.nff_update_user(${id}, 1, ${sql.json({ first_name: `N${index}` })})`,
      ),
    ),
  );
  expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "NF050")).toHaveLength(19);
});

test("twenty rotations of one key: one new key comes of it", async ({ pool }) => {
  const { admin, keyId } = await arrange(pool, async (db) => {
    const admin = await createStaff(db, "admin");
    return { admin, ...(await createKey(db, {}, admin)) };
  });
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => {
      const { prefix, sha256 } = newSecret();
      return attempt(
        pool,
        user(admin),
        (sql) => sql`select private.rotate_machine_key(${keyId}, '1 hour', ${prefix}, ${sha256})`,
      );
    }),
  );
  expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "NF020")).toHaveLength(19);
});

test("a key that is revoked while it works does nothing more", async ({ pool }) => {
  const { admin, keyId, id } = await arrange(pool, async (db) => {
    const admin = await createStaff(db, "admin");
    return { admin, ...(await createKey(db, {}, admin)), id: await createUser(db) };
  });
  await pool.begin(async (sql) => {
    const db = new Db(sql);
    await db.as(machine(keyId), (tx) => tx`select private.nff_get_user(${id})`);
    expect(
      await attempt(pool, user(admin), (tx) => tx`select private.revoke_machine_key(${keyId})`),
    ).toBe("done");
    // The transaction of the key began before; its next statement sees the revocation all the same.
    await expect(
      db.as(machine(keyId), (tx) => tx`select private.nff_soft_delete_user(${id})`),
    ).rejects.toMatchObject({ code: "NF016" });
  });
  const [row] = await pool`select is_soft_deleted from public.profiles where user_id = ${id}`;
  expect(row).toEqual({ is_soft_deleted: false });
});

test("forty uses of a key at once do not wait for each other, and note one last use", async ({
  pool,
}) => {
  const { keyId, prefix, sha256 } = await arrange(pool, (db) => createKey(db));
  const use = (sql: Db["sql"]) =>
    sql`select private.authenticate_machine_key(${prefix}, ${sha256}, null) ->> 'state' as state`;
  const somebody = operator("00000000-0000-4000-8000-000000000000");
  await pool.begin(async (sql) => {
    // This one holds the row that says when the key was last used.
    await new Db(sql).as(somebody, use);
    const others = await Promise.all(
      Array.from({ length: 15 }, () => attempt(pool, somebody, use)),
    );
    expect(new Set(others)).toEqual(new Set(["done"]));
  });
  const [row] = await pool`select last_used_at from private.machine_keys where key_id = ${keyId}`;
  expect(row?.last_used_at).not.toBeNull();
});

test("administrators who suspend each other at once: who is suspended has suspended nobody after that", async ({
  pool,
}) => {
  for (let round = 0; round < 10; round += 1) {
    const [one, two] = await arrange(pool, async (db) => {
      const pair = [await createStaff(db, "admin"), await createStaff(db, "admin")] as const;
      // A third one, so that nobody is the last.
      await createStaff(db, "admin");
      return pair;
    });
    const suspends = (actor: string, other: string) =>
      attempt(
        pool,
        user(actor),
        (sql) => sql`select private.suspend_user(${other}, 'other', null, null)`,
      );
    const outcomes = await Promise.all([suspends(one, two), suspends(two, one)]);
    expect(outcomes.toSorted()).toEqual(["NF010", "done"]);
    const rows = await pool`
      select from public.profiles where user_id in (${one}, ${two}) and suspended_at is not null`;
    expect(rows).toHaveLength(1);
  }
});
