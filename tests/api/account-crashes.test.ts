import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { call } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection, signIn } from "../helpers/api-accounts.ts";
import { type Crashable, startCrashable, waitUntilBlockedBy } from "../helpers/api-crash.ts";
import { flagsOf } from "../helpers/api-deletion.ts";
import {
  createNffUser,
  createOperators,
  mailsTo,
  type NffInput,
  NOTHING,
  nffUser,
  type Operators,
  partsOf,
  runWorker,
  WHOLE,
} from "../helpers/api-operators.ts";

const owner = ownerConnection();
let operators: Operators;
let users: Crashable;

beforeAll(async () => {
  operators = await createOperators(owner());
});
beforeEach(async () => {
  users = await startCrashable("users");
});
afterEach(() => users.dispose());

type Sent = { readonly path: string; readonly body: object; readonly key: string };

/** Sends a request to the process that is going to crash: there is no answer to wait for. */
function sendToVictim({ path, body, key }: Sent): Promise<unknown> {
  return fetch(`${users.url}/${path}`, {
    method: "POST",
    headers: {
      ...operators.admin.credential,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
  }).then(
    (response) => response.status,
    () => "no answer",
  );
}

const isAccountCall = (method: string, path: string) =>
  (method === "POST" && path === "/auth/v1/admin/users") ||
  (method === "PUT" && path.startsWith("/auth/v1/admin/users/"));

const kill = async () => {
  await users.kill();
  return false;
};

/** Where the process dies, each with a way to make sure that it is there. */
const MOMENTS = {
  "before Auth is asked": async (sent: Sent) => {
    users.interfere({ matches: isAccountCall, before: kill });
    await sendToVictim(sent);
  },
  "while Auth is at work": async (sent: Sent) => {
    // Auth goes on without whoever asked it.
    const heard = Promise.withResolvers<void>();
    users.interfere({
      matches: isAccountCall,
      before: async () => {
        await users.kill();
        return true;
      },
      after: async () => {
        heard.resolve();
        return false;
      },
    });
    await sendToVictim(sent);
    await heard.promise;
  },
  "after Auth has done it, before its answer arrives": async (sent: Sent) => {
    users.interfere({ matches: isAccountCall, after: kill });
    await sendToVictim(sent);
  },
};

/** Dies with the transaction open in which the first row would be written. */
async function crashInFirstTransaction(sent: Sent, email: string): Promise<void> {
  const undo = new Error("undo");
  await owner()
    .begin(async (tx) => {
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      // Whoever writes down a change for the same address has to wait for this one.
      await tx`
        insert into private.account_changes (kind, user_id, email, input, actor_kind, actor_id)
        values ('create', ${randomUUID()}, ${email}, '{}', 'system', 'test')`;
      const answer = sendToVictim(sent);
      await waitUntilBlockedBy(owner(), row?.pid ?? 0);
      await users.kill();
      await answer;
      throw undo;
    })
    .catch((error: unknown) => expect(error).toBe(undo));
}

/** Dies when Auth has answered, with the transaction open in which the outcome is read. */
async function crashInLastTransaction(sent: Sent, email: string): Promise<void> {
  const undo = new Error("undo");
  const locked = Promise.withResolvers<number>();
  const done = Promise.withResolvers<void>();
  users.interfere({
    matches: isAccountCall,
    after: async () => {
      const holding = owner().begin(async (tx) => {
        const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
        await tx`
          select from private.account_changes
          where user_id = (select id from auth.users where lower(email) = lower(${email})) for update`;
        locked.resolve(row?.pid ?? 0);
        await done.promise;
        throw undo;
      });
      holding.catch(() => {});
      await locked.promise;
      return true;
    },
  });
  const answer = sendToVictim(sent);
  await waitUntilBlockedBy(owner(), await locked.promise);
  await users.kill();
  done.resolve();
  await answer;
}

const repeat = ({ body, key }: Sent, operation: "users.createUser" | "users.updateUser") =>
  call(operation, {
    as: operators.admin.credential,
    headers: { "idempotency-key": key },
    body,
  });

const pendingOf = (email: string) =>
  owner()`select change_id from private.account_changes
    where status = 'pending' and lower(email) = lower(${email})`;

/** Plays what the worker does after a while with what nobody has repeated. */
async function letTimePass(email: string): Promise<void> {
  await owner()`
    update private.account_changes set created_at = created_at - interval '6 minutes'
    where status = 'pending' and lower(email) = lower(${email})`;
  await runWorker();
}

describe("[USER-01] users.createUser is killed", () => {
  let body: NffInput;
  let sent: Sent;
  beforeEach(() => {
    body = nffUser();
    sent = { path: "create", body, key: randomUUID() };
  });

  const expectRepeatable = async () => {
    const before = await owner()`select id from auth.users where email = ${body.email}`;
    const answer = await repeat(sent, "users.createUser");
    expect([answer.status, answer.body.status]).toEqual([201, "success"]);
    expect(await partsOf(owner(), body.email)).toEqual(WHOLE);
    if (before.length > 0) expect(before).toEqual([{ id: answer.body.user_id }]);
    expect(await pendingOf(body.email)).toHaveLength(0);
    await runWorker();
    await vi.waitFor(async () => expect(await mailsTo(body.email)).toHaveLength(1), 10_000);
  };

  test("in its first transaction: nothing is there, and a repeated request does all", async () => {
    await crashInFirstTransaction(sent, body.email);
    expect(await partsOf(owner(), body.email)).toEqual(NOTHING);
    expect(await pendingOf(body.email)).toHaveLength(0);
    await expectRepeatable();
  });

  test("before Auth is asked: nothing is there, and a repeated request does all", async () => {
    await MOMENTS["before Auth is asked"](sent);
    expect(await partsOf(owner(), body.email)).toEqual(NOTHING);
    expect(await pendingOf(body.email)).toHaveLength(1);
    await expectRepeatable();
  });

  test("before Auth is asked, and nobody repeats: it comes to nothing, the address is free", async () => {
    await MOMENTS["before Auth is asked"](sent);
    await letTimePass(body.email);
    expect(await partsOf(owner(), body.email)).toEqual(NOTHING);
    expect(await pendingOf(body.email)).toHaveLength(0);
    await createNffUser(operators.admin.credential, { email: body.email });
    expect(await partsOf(owner(), body.email)).toEqual(WHOLE);
  });

  test("before Auth is asked, and the repeated request comes after all was abandoned", async () => {
    await MOMENTS["before Auth is asked"](sent);
    await letTimePass(body.email);
    await expectRepeatable();
  });

  test.each([
    "while Auth is at work",
    "after Auth has done it, before its answer arrives",
  ] as const)("%s: all of it is there, and a repeated request says so", async (moment) => {
    await MOMENTS[moment](sent);
    await vi.waitFor(async () => expect(await partsOf(owner(), body.email)).toEqual(WHOLE), 5_000);
    await expectRepeatable();
  });

  test("in its last transaction: all of it is there, and a repeated request says so", async () => {
    await crashInLastTransaction(sent, body.email);
    expect(await partsOf(owner(), body.email)).toEqual(WHOLE);
    await expectRepeatable();
  });

  test("after Auth has done it, and nobody repeats: the invitation is sent all the same", async () => {
    await MOMENTS["after Auth has done it, before its answer arrives"](sent);
    await letTimePass(body.email);
    expect(await partsOf(owner(), body.email)).toEqual(WHOLE);
    await vi.waitFor(async () => expect(await mailsTo(body.email)).toHaveLength(1), 10_000);
  });
});

describe("users.updateUser is killed while it changes the e-mail address", () => {
  let old: { id: string; email: string; version: number };
  let email: string;
  let sent: Sent;
  beforeEach(async () => {
    old = await createNffUser(operators.admin.credential);
    email = `nff-${randomUUID()}@example.com`;
    const body = { user_id: old.id, version: old.version, email, city: "Rome" };
    sent = { path: "update", body, key: randomUUID() };
  });

  const stored = async () => {
    const [row] = await owner()`
      select p.email, u.email as account_email, a.city from public.profiles as p
      join auth.users as u on u.id = p.user_id join public.addresses as a using (user_id)
      where p.user_id = ${old.id}`;
    return row;
  };
  const asItWas = () => ({ email: old.email, account_email: old.email, city: "London" });
  const asAsked = () => ({ email, account_email: email, city: "Rome" });

  test("before Auth is asked: nothing has changed; a repeated request changes all", async () => {
    await MOMENTS["before Auth is asked"](sent);
    expect(await stored()).toEqual(asItWas());
    expect(await pendingOf(email)).toHaveLength(1);
    const answer = await repeat(sent, "users.updateUser");
    expect(answer.status).toBe(200);
    expect(await stored()).toEqual(asAsked());
  });

  test("before Auth is asked, and nobody repeats: nothing stays behind", async () => {
    await MOMENTS["before Auth is asked"](sent);
    await letTimePass(email);
    expect(await stored()).toEqual(asItWas());
    expect(await pendingOf(email)).toHaveLength(0);
  });

  test.each([
    "while Auth is at work",
    "after Auth has done it, before its answer arrives",
  ] as const)("%s: all has changed, and a repeated request says so", async (moment) => {
    await MOMENTS[moment](sent);
    await vi.waitFor(async () => expect(await stored()).toEqual(asAsked()), 5_000);
    const answer = await repeat(sent, "users.updateUser");
    expect(answer.status).toBe(200);
    expect(await stored()).toEqual(asAsked());
  });

  test("in its last transaction: all has changed, and a repeated request says so", async () => {
    await crashInLastTransaction(sent, email);
    expect(await stored()).toEqual(asAsked());
    expect((await repeat(sent, "users.updateUser")).status).toBe(200);
  });
});

describe("users.softDeleteUser is killed", () => {
  let person: Account;
  let sent: Sent;
  beforeEach(async () => {
    person = await createAccount();
    sent = { path: "soft-delete", body: { user_id: person.id }, key: randomUUID() };
  });

  test.each([
    "before Auth is asked",
    "while Auth is at work",
    "after Auth has done it, before its answer arrives",
  ] as const)("%s: the sessions have ended, and the worker sees to the ban", async (moment) => {
    await MOMENTS[moment](sent);
    expect(await flagsOf(owner(), person.id)).toMatchObject({ is_soft_deleted: true, sessions: 0 });
    // The lease of the process that died would have to end first.
    await owner()`
      update private.account_tasks set next_attempt_at = private.now() where user_id = ${person.id}`;
    await runWorker();
    expect(await flagsOf(owner(), person.id)).toMatchObject({ is_banned: true });
    expect(
      await owner()`select from private.account_tasks where user_id = ${person.id} and task = 'access'`,
    ).toHaveLength(0);
    await expect(signIn(person.email)).rejects.toThrow("User is banned");
  });
});

describe("Auth does not answer", () => {
  const refuse = () => users.interfere({ matches: isAccountCall, before: async () => false });

  test("503, nothing is there, and the same key does it later", async () => {
    const body = nffUser();
    const sent: Sent = { path: "create", body, key: randomUUID() };
    refuse();
    expect(await sendToVictim(sent)).toBe(503);
    expect(await partsOf(owner(), body.email)).toEqual(NOTHING);
    expect((await repeat(sent, "users.createUser")).status).toBe(201);
    expect(await partsOf(owner(), body.email)).toEqual(WHOLE);
  });

  test("503 for a deletion, which is in force all the same", async () => {
    const person = await createAccount();
    refuse();
    const sent = { path: "soft-delete", body: { user_id: person.id }, key: randomUUID() };
    expect(await sendToVictim(sent)).toBe(503);
    expect(await flagsOf(owner(), person.id)).toMatchObject({
      is_soft_deleted: true,
      is_banned: false,
      sessions: 0,
    });
    const { status } = await call("users.softDeleteUser", {
      as: operators.admin.credential,
      headers: { "idempotency-key": sent.key },
      body: sent.body,
    });
    expect(status).toBe(200);
    expect(await flagsOf(owner(), person.id)).toMatchObject({ is_banned: true });
  });
});
