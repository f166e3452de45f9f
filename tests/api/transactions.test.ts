import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseCaller, SERVICE } from "../../supabase/functions/_shared/auth/principal.ts";
import { createPool, type Pool } from "../../supabase/functions/_shared/db/pool.ts";
import {
  createTransactions,
  type RunTransaction,
  type Transaction,
} from "../../supabase/functions/_shared/db/transaction.ts";
import { createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let pool: Pool;
let transaction: RunTransaction;

beforeAll(() => {
  pool = createPool({ url: stackEnv().dbUrl, max: 1, applicationName: "test" });
  transaction = createTransactions(pool)("request-of-this-test");
});
afterAll(() => pool.end());

const person = (id: string): DatabaseCaller => ({
  role: "authenticated",
  claims: { sub: id, role: "authenticated" },
});
const ANON: DatabaseCaller = { role: "anon", claims: { role: "anon" } };

const whoAmI = (caller: DatabaseCaller) =>
  transaction(caller, async (tx) => {
    const [row] = await tx`
      select current_user as role, auth.uid() as uid,
        current_setting('app.request_id') as request_id,
        current_setting('statement_timeout') as statement_timeout
    `;
    return row;
  });

describe("a transaction is its caller's", () => {
  test("role, claims and request id are there for the first statement", async () => {
    const id = randomUUID();
    expect(await whoAmI(person(id))).toEqual({
      role: "authenticated",
      uid: id,
      request_id: "request-of-this-test",
      statement_timeout: "8s",
    });
    expect(await whoAmI(ANON)).toMatchObject({ role: "anon", uid: null });
    expect(await whoAmI(SERVICE)).toMatchObject({ role: "service_role", uid: null });
  });

  test("nothing of it stays on the connection, also after a failure", async () => {
    await whoAmI(person(randomUUID()));
    await transaction(person(randomUUID()), (tx) => tx`select 1 / 0`).catch(() => {});
    const [row] = await pool.current()`
      select current_user as role, current_setting('request.jwt.claims', true) as claims
    `;
    expect(row).toMatchObject({ role: "postgres" });
    expect(row?.claims ?? "").toBe("");
  });

  test("row-level security sees the person, and nobody else's rows", async () => {
    const [anna, berta] = await Promise.all([createAccount(), createAccount()]);
    const rows = await transaction(
      person(anna.id),
      (tx) => tx`
      select user_id from public.profiles where user_id in (${anna.id}, ${berta.id})
    `,
    );
    expect([...rows]).toEqual([{ user_id: anna.id }]);
  });

  test("a role that cannot be taken on lets no statement through", async () => {
    const wrong: DatabaseCaller = JSON.parse('{"role":"supabase_admin","claims":{}}');
    const marker = randomUUID();
    const attempt = transaction(
      wrong,
      (tx) => tx`
      insert into private.provider_circuits (provider) values (${marker})
    `,
    );
    await expect(attempt).rejects.toMatchObject({ code: "forbidden" });
    expect(await owner()`select from private.provider_circuits where provider = ${marker}`).toEqual(
      [],
    );
  });

  test("what a person may not do is forbidden, and nothing of the transaction stays", async () => {
    const anna = await createAccount();
    const attempt = transaction(person(anna.id), async (tx) => {
      await tx`update public.profiles set phone = '+4915112345678' where user_id = ${anna.id}`;
      await tx`update public.profiles set suspended_at = now() where user_id = ${anna.id}`;
    });
    await expect(attempt).rejects.toMatchObject({ code: "forbidden" });
    const rows =
      await owner()`select phone, suspended_at from public.profiles where user_id = ${anna.id}`;
    expect([...rows]).toEqual([{ phone: null, suspended_at: null }]);
  });
});

describe("trouble", () => {
  test("a conflict of transactions is tried again, three times in all", async () => {
    let tries = 0;
    const conflict = (until: number) =>
      transaction(ANON, async (tx) => {
        tries += 1;
        if (tries < until)
          await tx`do $$ begin raise exception 'x' using errcode = '40001'; end $$`;
        return "done";
      });
    expect(await conflict(3)).toBe("done");
    expect(tries).toBe(3);
    tries = -10;
    await expect(conflict(3)).rejects.toMatchObject({ code: "service_unavailable" });
    expect(tries).toBe(-7);
  });

  test("any other failure is not", async () => {
    let tries = 0;
    const attempt = transaction(ANON, async (tx) => {
      tries += 1;
      await tx`select 1 / 0`;
    });
    await expect(attempt).rejects.toBeInstanceOf(postgres.PostgresError);
    expect(tries).toBe(1);
  });

  test("a lock that somebody holds is waited for, but not for ever", async () => {
    const anna = await createAccount();
    const holder = owner();
    await holder.begin(async (tx) => {
      await tx`select from public.profiles where user_id = ${anna.id} for update`;
      const attempt = transaction(person(anna.id), async (own) => {
        await own`select set_config('lock_timeout', '50ms', true)`;
        await own`update public.profiles set phone = null where user_id = ${anna.id}`;
      });
      await expect(attempt).rejects.toMatchObject({ code: "service_unavailable" });
    });
  });

  // What happens here would end the process if it were not seen to; see `transaction.ts`.
  test.each<[string, (tx: Transaction, cut: () => Promise<unknown>) => Promise<unknown>]>([
    [
      "while a statement runs",
      async (tx, cut) => {
        const running = tx`select pg_sleep(10)`.execute();
        await cut();
        await running;
      },
    ],
    [
      "between two statements",
      async (tx, cut) => {
        await cut();
        await tx`select 1`;
      },
    ],
    [
      "while the work does something else, and fails at it",
      async (_, cut) => {
        await cut();
        throw new Error("something else");
      },
    ],
    ["before the end", (_, cut) => cut()],
  ])(
    "a connection that is cut %s is 503, and the next transaction gets a new one",
    async (_, work) => {
      for (let round = 0; round < 3; round += 1) {
        const attempt = transaction(ANON, async (tx) => {
          const [row] = await tx`select pg_backend_pid() as pid`;
          const cut = async () => {
            await owner()`select pg_terminate_backend(${row?.pid}, 5000)`;
            // The news takes its way through the event loop.
            await new Promise((resolve) => setTimeout(resolve, 20));
          };
          await work(tx, cut);
        });
        await expect(attempt).rejects.toMatchObject({ code: "service_unavailable" });
        expect(await whoAmI(ANON)).toMatchObject({ role: "anon" });
      }
    },
  );

  test("of many transactions at once, a restart fails some and breaks nothing", async () => {
    const busy = createPool({ url: stackEnv().dbUrl, max: 4, applicationName: "restart" });
    const run = createTransactions(busy)("restart");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, async (_, index) => {
        if (index % 40 === 20) {
          await owner()`
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'nff-restart' and pid <> pg_backend_pid()
          `;
        }
        return run(ANON, async (tx) => {
          await tx`select 1`;
          return tx`select 2`;
        });
      }),
    );
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        expect(outcome.reason).toMatchObject({ code: "service_unavailable" });
      }
    }
    const [row] = await run(ANON, (tx) => tx`select 3 as three`);
    expect(row).toEqual({ three: 3 });
    await busy.end();
  });
});

test("behind the transaction pooler no statement has a name", async () => {
  const { hostname, port } = new URL(stackEnv().dbUrl);
  const unnamed = createPool({
    url: stackEnv().dbUrl.replace(`${hostname}:${port}`, `${hostname}:6543`),
    max: 1,
    applicationName: "test",
  });
  expect(unnamed.current().options.prepare).toBe(false);
  expect(pool.current().options.prepare).toBe(true);
  await unnamed.end();
});
