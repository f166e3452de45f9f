import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { z } from "zod";
import { Rest } from "../demo/rest.ts";
import type { BenchContext } from "./context.ts";
import { atFixedRate, type Latencies } from "./fixed-rate.ts";
import { percentile } from "./load.ts";
import { createPeople, type Person } from "./people.ts";
import type { Figure } from "./report.ts";

const SECONDS = 5;
const READS_PER_SECOND = 100;
const CREATIONS_PER_SECOND = 5;
const ROUNDS = 2_000;
const Anything = z.unknown();

function figuresOf(name: string, { p50, p95, p99 }: Latencies, bare: Latencies): Figure[] {
  return [
    { name: `${name}: p50`, value: p50, unit: "ms" },
    { name: "  p95", value: p95, unit: "ms" },
    { name: "  p99", value: p99, unit: "ms" },
    { name: "  p50 : bare transaction's p50", value: p50 / bare.p50, unit: "×" },
  ];
}

/** One statement in a transaction of its own with the caller's role and claims, and nothing around it. */
function bareTransaction({ sql }: BenchContext, role: string, userId: string, statement: string) {
  const claims = JSON.stringify({ sub: userId, role });
  return () =>
    sql.begin(async (tx) => {
      const settings =
        tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`.execute();
      await Promise.all([tx.unsafe(statement, [], { prepare: true }), settings]);
    });
}

/** An account with its profile, as Auth inserts it. */
function bareAccount({ sql }: BenchContext) {
  return () => sql`
    insert into auth.users (instance_id, id, aud, role, email, raw_app_meta_data, raw_user_meta_data,
      created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
    values ('00000000-0000-0000-0000-000000000000', ${randomUUID()}, 'authenticated', 'authenticated',
      ${`bench-${randomUUID()}@example.com`}, '{"provider": "email", "providers": ["email"]}',
      '{"first_name": "Bench", "last_name": "Person"}', now(), now(), '', '', '', '')`;
}

function newUser(): Record<string, string> {
  return {
    first_name: "Bench",
    last_name: "Person",
    email: `bench-${randomUUID()}@example.com`,
    address_name: "Home",
    street_address_1: "Main Street 1",
    city: "Berlin",
    state_region: "Berlin",
    postal_code: "10115",
    country: "DE",
  };
}

/** The claims of a token, as a function hands them to the database. */
function claimsOf(token: string): string {
  return Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
}

const none = (): number[] => [];
const median = (times: readonly number[]) =>
  percentile(
    times.toSorted((a, b) => a - b),
    0.5,
  );

/**
 * The same row read as its owner, through the policies, and by the server, past them: the ratio of the
 * medians, of the statement alone and of the transaction around it. Each has a connection of its own, as a plan that
 * serves two roles in turn is made anew each time.
 */
async function policyOverhead(
  { stack }: BenchContext,
  { userId, token }: Person,
): Promise<{ statement: number; transaction: number }> {
  const callers = [
    { role: "authenticated", claims: claimsOf(token), sub: userId },
    { role: "service_role", claims: JSON.stringify({ role: "service_role" }), sub: "" },
  ].map((caller) => ({
    ...caller,
    sql: postgres(stack.dbUrl, { max: 1, onnotice: () => {} }),
    statements: none(),
    transactions: none(),
  }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { role, claims, sub, sql, statements, transactions } of callers) {
      const began = performance.now();
      await sql.begin(async (tx) => {
        await tx`
          select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true),
            set_config('request.jwt.claim.sub', ${sub}, true)`;
        const started = performance.now();
        await tx`
          select p.user_id, p.first_name, a.city from public.profiles as p
          left join public.addresses as a using (user_id) where p.user_id = ${userId}`;
        statements.push(performance.now() - started);
      });
      transactions.push(performance.now() - began);
    }
  }
  await Promise.all(callers.map(({ sql }) => sql.end()));
  const [owner, server] = callers;
  if (!owner || !server) throw new Error("There is nobody to compare.");
  return {
    statement: median(owner.statements) / median(server.statements),
    transaction: median(owner.transactions) / median(server.transactions),
  };
}

/** The operations of the group users at a fixed rate, through the gateway, and what the policies cost. */
export async function users(context: BenchContext): Promise<Figure[]> {
  const { stack, sql } = context;
  const [person, staff] = await createPeople(context, 2);
  if (!person || !staff) throw new Error("There is nobody to measure with.");
  await sql`insert into private.user_roles (user_id, role) values (${staff.userId}, 'admin')`;
  const asPerson = new Rest(stack.apiUrl, stack.publishableKey, person.token);
  const asStaff = new Rest(stack.apiUrl, stack.publishableKey, staff.token);

  const getMe = () => asPerson.get("/users/me", Anything);
  const listUsers = () => asStaff.post("/users/list", Anything, { body: {} });
  const createUser = () => asStaff.post("/users/create", Anything, { body: newUser() });
  await atFixedRate(READS_PER_SECOND, 1, getMe);
  const bareMe = bareTransaction(
    context,
    "authenticated",
    person.userId,
    "select private.get_me() as me",
  );
  const bareList = bareTransaction(
    context,
    "nff_operator",
    staff.userId,
    "select * from private.nff_list_users('{}', '-created_at', null, 26)",
  );
  const overhead = await policyOverhead(context, person);
  const reads = (act: () => Promise<unknown>) => atFixedRate(READS_PER_SECOND, SECONDS, act);
  const creations = (act: () => Promise<unknown>) =>
    atFixedRate(CREATIONS_PER_SECOND, SECONDS, act);
  return [
    ...figuresOf(`users.getMe, ${READS_PER_SECOND}/s`, await reads(getMe), await reads(bareMe)),
    ...figuresOf(
      `users.listUsers, ${READS_PER_SECOND}/s`,
      await reads(listUsers),
      await reads(bareList),
    ),
    ...figuresOf(
      `users.createUser, ${CREATIONS_PER_SECOND}/s`,
      await creations(createUser),
      await creations(bareAccount(context)),
    ),
    {
      name: "owner's read : the server's read, the statement",
      value: overhead.statement,
      unit: "×",
      goal: { atMost: 1.2 },
    },
    { name: "  the transaction", value: overhead.transaction, unit: "×" },
  ];
}
