import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { membersOf } from "../helpers/api-inputs.ts";
import { ADDRESS, completeProfile, newKey, startVerification } from "../helpers/api-kyc.ts";
import { createNffUser, nffUser } from "../helpers/api-operators.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let anna: Account;
let other: Account;
let admin: Account;

beforeAll(async () => {
  [anna, other, admin] = await Promise.all([
    createAccount(),
    createAccount(),
    createStaff(owner(), "admin"),
  ]);
  for (const person of [anna, other]) {
    await completeProfile(person);
    await startVerification(person);
  }
});

/** What a signed-in person may write through the Data API; everything else belongs to the server. */
const WRITABLE: Readonly<Record<string, readonly string[]>> = {
  profiles: ["first_name", "middle_name", "last_name", "salutation", "date_of_birth", "phone"],
  addresses: [
    "address_name",
    "street_address_1",
    "street_address_2",
    "city",
    "state_region",
    "postal_code",
    "country",
  ],
};

/** Every table that the Data API knows, with its columns. */
const exposed = () =>
  owner()<{ table: string; column: string; type: string; word: string | null }[]>`
    select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type,
      (select enumlabel::text from pg_enum where enumtypid = a.atttypid order by enumsortorder desc limit 1) as word
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
    order by 1, a.attnum`;

/** A value that the column would take. */
function valueFor(type: string, word: string | null): unknown {
  if (word !== null) return word;
  if (type === "uuid") return randomUUID();
  if (type === "boolean") return true;
  if (/int/.test(type)) return 99;
  if (/timestamp/.test(type)) return "2000-01-01T00:00:00Z";
  if (type === "date") return "1990-01-01";
  return "x";
}

const rowsOf = (table: string) =>
  owner()`select * from ${owner()(`public.${table}`)} where user_id in (${anna.id}, ${other.id}) order by 1`;

/** The same write once as supabase-js sends it, and once as plain REST. */
async function tryWrite(
  method: "PATCH" | "POST" | "DELETE",
  table: string,
  body: Record<string, unknown>,
  filter: string,
): Promise<{ status: number; code: string }[]> {
  const headers = {
    apikey: stackEnv().publishableKey,
    ...anna.credential,
    "content-type": "application/json",
  };
  const url = `${stackEnv().supabaseUrl}/rest/v1/${table}?${filter}`;
  const plain = await fetch(url, {
    method,
    headers,
    ...(method !== "DELETE" && { body: JSON.stringify(body) }),
  });
  const text = await plain.text();
  const from = anna.client.from(table);
  const { error, status } = await (method === "POST"
    ? from.insert(body)
    : method === "PATCH"
      ? from.update(body).eq("user_id", anna.id)
      : from.delete().eq("user_id", anna.id));
  return [
    { status: plain.status, code: text === "" ? "" : JSON.parse(text).code },
    { status, code: error?.code ?? "" },
  ];
}

describe("[PROP-02] columns of the server, through the Data API", () => {
  test("each of them is refused to its owner, alone and beside one that is allowed", async () => {
    const columns = await exposed();
    expect(columns.length).toBeGreaterThan(30);
    const accepted: unknown[] = [];
    for (const { table, column, type, word } of columns) {
      if (WRITABLE[table]?.includes(column)) continue;
      const before = await rowsOf(table);
      const [allowed] = WRITABLE[table] ?? [];
      const bodies = [
        { [column]: valueFor(type, word) },
        ...(allowed ? [{ [allowed]: "Eve", [column]: valueFor(type, word) }] : []),
      ];
      for (const body of bodies) {
        const answers = await tryWrite("PATCH", table, body, `user_id=eq.${anna.id}`);
        const isRefused = answers.every(({ status, code }) => status === 403 && code === "42501");
        if (!isRefused) accepted.push([table, column, answers]);
      }
      expect(await rowsOf(table), `${table}.${column}`).toEqual(before);
    }
    expect(accepted).toEqual([]);
  });

  test("those that are allowed work, so the refusals mean something", async () => {
    for (const [table, columns] of Object.entries(WRITABLE)) {
      const current = await anna.client.from(table).select(columns.join(",")).single();
      expect(current.error).toBeNull();
      const { error } = await anna.client
        .from(table)
        .update(Object(current.data))
        .eq("user_id", anna.id);
      expect(error).toBeNull();
    }
  });

  test("rows are neither made nor removed, whatever they hold", async () => {
    const tables = new Set((await exposed()).map(({ table }) => table));
    for (const table of tables) {
      const before = await rowsOf(table);
      const inserts = await tryWrite("POST", table, { user_id: anna.id }, "");
      const deletes = await tryWrite("DELETE", table, {}, `user_id=eq.${anna.id}`);
      for (const answer of [...inserts, ...deletes]) {
        expect([table, answer]).toEqual([table, { status: 403, code: "42501" }]);
      }
      expect(await rowsOf(table)).toEqual(before);
    }
  });

  test("other people's rows are not met, with or without a filter", async () => {
    for (const table of Object.keys(WRITABLE)) {
      const [column = ""] = WRITABLE[table] ?? [];
      const before = await rowsOf(table);
      const current = await anna.client.from(table).select(column).single();
      const value: unknown = Object(current.data)[column];
      await anna.client
        .from(table)
        .update({ [column]: value })
        .eq("user_id", other.id);
      await anna.client
        .from(table)
        .update({ [column]: value })
        .neq("user_id", randomUUID());
      const foreign = (rows: readonly Record<string, unknown>[]) =>
        rows.filter(({ user_id }) => user_id === other.id);
      expect(foreign(await rowsOf(table))).toEqual(foreign(before));
    }
  });

  test("what sign-up metadata says about roles and flags is not believed", async () => {
    const person = await createAccount();
    const { error } = await person.client.auth.updateUser({
      data: {
        roles: ["admin"],
        role: "service_role",
        is_soft_deleted: true,
        user_roles: ["admin"],
      },
    });
    expect(error).toBeNull();
    const { data } = await person.client.auth.refreshSession();
    const payload = data.session?.access_token.split(".")[1] ?? "";
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    expect([claims.role, claims.user_roles]).toEqual(["authenticated", []]);
    await expectProblem("users.listUsers", 403, "forbidden", {
      as: { authorization: `Bearer ${data.session?.access_token}` },
      body: {},
    });
  });
});

describe("[PROP-01] columns of the server, through the operations", () => {
  const serverColumns = async (id: Parameters<typeof membersOf>[0]) => {
    const members = membersOf(id).map(([name]) => name);
    const names = (await exposed()).map(({ column }) => column);
    return [
      ...new Set([...names, "roles", "role", "kyc", "status", "phone", "user_is_soft_deleted"]),
    ].filter((name) => !members.includes(name));
  };

  test.each([
    [
      "users.updateMe",
      async () => ({
        as: anna.credential,
        headers: { "if-match": "*" },
        body: { first_name: "Eve" },
      }),
    ],
    [
      "users.putMyAddress",
      async () => ({ as: anna.credential, headers: { "if-match": "*" }, body: ADDRESS }),
    ],
    [
      "users.createUser",
      async () => ({ as: admin.credential, headers: newKey(), body: nffUser() }),
    ],
    [
      "users.updateUser",
      async () => {
        const { id, version } = await createNffUser(admin.credential);
        return {
          as: admin.credential,
          headers: newKey(),
          body: { user_id: id, version, city: "Rome" },
        };
      },
    ],
  ] as const)("%s refuses each of them by name", async (id, good) => {
    const request = await good();
    const names = await serverColumns(id);
    expect(names.length).toBeGreaterThan(10);
    const before = await rowsOf("profiles");
    for (const name of names) {
      const { body } = await expectProblem(id, 400, "validation_failed", {
        ...request,
        body: { ...request.body, [name]: "x" },
      });
      expect(body.errors).toEqual([
        expect.objectContaining({ pointer: `#/${name}`, code: "unknown_member" }),
      ]);
    }
    expect(await rowsOf("profiles")).toEqual(before);
  });
});
