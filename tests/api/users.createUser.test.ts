import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import {
  createMachineKey,
  createOperators,
  mailsTo,
  NOTHING,
  nffUser,
  type Operators,
  partsOf,
  runWorker,
  WHOLE,
} from "../helpers/api-operators.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let operators: Operators;
let customer: Account;

beforeAll(async () => {
  operators = await createOperators(owner());
  customer = await createAccount();
});

const create = (
  changes: Readonly<Record<string, unknown>> = {},
): ApiRequest & { body: object } => ({
  as: operators.admin.credential,
  headers: newKey(),
  body: nffUser(changes),
});

/** How many people an administrator or a key has created. */
async function createdBy(id: string): Promise<number> {
  const rows = await owner()`
    select from private.audit_log where action = 'user.created' and actor_id = ${id}`;
  return rows.length;
}

describeCommonAnswers("users.createUser", {
  caller: () => operators.admin.credential,
  outsider: () => customer.credential,
  request: () => ({ headers: newKey(), body: nffUser() }),
  keeps: () => createdBy(operators.admin.id),
});

describeIdempotency("users.createUser", {
  caller: async () => (await createOperators(owner())).admin,
  request: async () => ({ body: nffUser() }),
  otherRequest: async () => ({ body: nffUser() }),
  effects: ({ id }) => createdBy(id),
});

describe("201", () => {
  test("account, profile, address and audit are there, as they were sent", async () => {
    const request = create({
      middle_name: "King",
      salutation: "Countess",
      date_of_birth: "1990-12-10",
      street_address_2: "2nd floor",
    });
    const { status, body } = await call("users.createUser", request);
    expect([status, body]).toEqual([
      201,
      { status: "success", user_id: expect.any(String), version: expect.any(Number) },
    ]);
    const read = await call("users.getUser", {
      as: operators.admin.credential,
      body: { user_id: body.user_id },
    });
    expect(read.body).toEqual({
      ...request.body,
      ...body,
      address_id: expect.any(String),
      user_is_soft_deleted: false,
      user_is_permanently_deleted: false,
      address_is_soft_deleted: false,
      address_is_permanently_deleted: false,
    });
    expect(await partsOf(owner(), read.body.email)).toEqual(WHOLE);
  });

  test("a machine key creates as well, and the audit names it", async () => {
    const { machine } = operators;
    const { status, body } = await call("users.createUser", {
      ...create(),
      as: machine.credential,
    });
    expect(status).toBe(201);
    const [entry] = await owner()`
      select actor_kind, actor_id from private.audit_log where subject_id = ${body.user_id}`;
    expect(entry).toEqual({ actor_kind: "machine", actor_id: machine.keyId });
  });

  test("an invitation is sent, once; no password opens the account before", async () => {
    const request = create();
    const { email } = nffUser(Object(request.body));
    await call("users.createUser", request);
    await vi.waitFor(async () => expect(await mailsTo(email)).toHaveLength(1), 10_000);
    await runWorker();
    expect(await mailsTo(email)).toHaveLength(1);

    const [account] = await owner()`
      select encrypted_password, email_confirmed_at, raw_user_meta_data from auth.users where email = ${email}`;
    expect(account?.email_confirmed_at).toBeNull();
    expect(account?.raw_user_meta_data).not.toHaveProperty("first_name");
    const client = createClient(stackEnv().supabaseUrl, stackEnv().publishableKey);
    for (const password of ["", " ", account?.encrypted_password, "Correct-Horse-Battery-9!"]) {
      const { data } = await client.auth.signInWithPassword({ email, password });
      expect(data.session).toBeNull();
    }
  });

  test("who was invited comes in by the link and finds the own profile", async () => {
    const request = create();
    const { email } = nffUser(Object(request.body));
    await call("users.createUser", request);
    await runWorker();
    const admin = createClient(stackEnv().supabaseUrl, stackEnv().secretKey);
    const { data, error } = await admin.auth.admin.generateLink({ type: "invite", email });
    expect(error).toBeNull();
    const client = createClient(stackEnv().supabaseUrl, stackEnv().publishableKey);
    const { data: signedIn } = await client.auth.verifyOtp({
      token_hash: data.properties?.hashed_token ?? "",
      type: "invite",
    });
    const as = { authorization: `Bearer ${signedIn.session?.access_token}` };
    const me = await call("users.getMe", { as });
    expect(me.body).toMatchObject({
      email,
      profile: { first_name: "Ada", last_name: "Lovelace" },
      address: { city: "London" },
    });
  });
});

describe("409", () => {
  test("email_taken, in whatever case, for an account that signed up or was created", async () => {
    const created = create();
    await call("users.createUser", created);
    const { email } = nffUser(Object(created.body));
    for (const taken of [customer.email, email]) {
      for (const spelled of [
        taken,
        taken.toUpperCase(),
        `${taken.at(0)?.toUpperCase()}${taken.slice(1)}`,
      ]) {
        await expectProblem("users.createUser", 409, "email_taken", create({ email: spelled }));
      }
      expect(await partsOf(owner(), taken)).toMatchObject({ accounts: 1, profiles: 1 });
    }
  });

  test("of twenty creations of one address at once, one wins", async () => {
    const email = `race-${randomUUID()}@example.com`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call("users.createUser", create({ email: index % 2 === 0 ? email : email.toUpperCase() })),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect(await partsOf(owner(), email)).toEqual(WHOLE);
  });

  test("creations and sign-ups of one address at the same moment: one person comes of it", async () => {
    const client = createClient(stackEnv().supabaseUrl, stackEnv().publishableKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    for (let round = 0; round < 5; round += 1) {
      const email = `race-${randomUUID()}@example.com`;
      const signUps = Array.from({ length: 4 }, (_, index) =>
        client.auth.signUp({
          email: index % 2 === 0 ? email.toUpperCase() : email,
          password: "Correct-Horse-Battery-9!",
        }),
      );
      const creations = Array.from({ length: 4 }, () =>
        call("users.createUser", create({ email })),
      );
      const answers = await Promise.all(creations);
      await Promise.all(signUps);
      const [account] = await owner()`select id from auth.users where lower(email) = ${email}`;
      const created = answers.filter(({ status }) => status === 201);
      expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
      expect(created.map(({ body }) => body.user_id)).toEqual(
        created.length === 0 ? [] : [account?.id],
      );
      expect(await partsOf(owner(), email)).toEqual(
        created.length === 0 ? { ...WHOLE, addresses: 0, entries: 0 } : WHOLE,
      );
    }
  });
});

describe("400", () => {
  test.each([
    ["date_of_birth", "2099-01-01", "invalid"],
    ["date_of_birth", "1899-12-31", "pattern"],
    ["date_of_birth", "2001-02-29", "format"],
    ["country", "XX", "format"],
    ["postal_code", "-", "pattern"],
    ["email", "ada@example", "format"],
    ["first_name", null, "type"],
  ])("for a %s of %s", async (member, value, code) => {
    const request = create({ [member]: value });
    const { email } = nffUser(Object(request.body));
    const { body } = await expectProblem("users.createUser", 400, "validation_failed", request);
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer: `#/${member}`, code }));
    expect(await partsOf(owner(), email)).toEqual(NOTHING);
  });

  test.each([
    "first_name",
    "last_name",
    "email",
    "address_name",
    "street_address_1",
    "city",
    "state_region",
    "postal_code",
    "country",
  ])("without %s", async (member) => {
    const request = create();
    Reflect.deleteProperty(request.body, member);
    const { body } = await expectProblem("users.createUser", 400, "validation_failed", request);
    expect(body.errors).toContainEqual(
      expect.objectContaining({ pointer: `#/${member}`, code: "required" }),
    );
  });
});

describe("403", () => {
  test("a key that only reads creates nobody", async () => {
    const reader = await createMachineKey(operators.admin, { scopes: ["users:read"] });
    const request = { ...create(), as: reader.credential };
    const { email } = nffUser(Object(request.body));
    await expectProblem("users.createUser", 403, "insufficient_scope", request);
    expect(await partsOf(owner(), email)).toEqual(NOTHING);
  });
});
