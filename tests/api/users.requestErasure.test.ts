import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  signIn,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { transactionsAfter } from "../helpers/api-in-process.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";
import {
  erasureIn,
  placeHold,
  readyExport,
  requestErasure,
  usersFunctionAs,
} from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const requestsOf = ({ id }: Account) =>
  owner()`select * from private.erasure_requests where user_id = ${id}`;
const profileOf = ({ id }: Account) =>
  owner()`select first_name, email, is_soft_deleted from public.profiles where user_id = ${id}`;
const ask = (): ApiRequest => ({ headers: newKey() });

describeCommonAnswers("users.requestErasure", {
  caller: () => anna.credential,
  request: ask,
  keeps: async () => [await requestsOf(anna), await profileOf(anna)],
});

describeIdempotency("users.requestErasure", {
  caller: () => createAccount(),
  request: async () => ask(),
  effects: async (account) => (await requestsOf(account)).length,
});

describe("202", () => {
  test("somebody who was never verified is erased, account and all", async () => {
    const person = await createAccount();
    const answer = await requestErasure(person);
    expect(answer).toMatchObject({ status: "accepted", erasable_after: null });
    expect(await profileOf(person)).toMatchObject([
      { first_name: null, email: null, is_soft_deleted: true },
    ]);
    await erasureIn(owner(), person, "completed");
    const [account] = await owner()`
      select email, encrypted_password, raw_user_meta_data, deleted_at is not null as is_deleted
      from auth.users where id = ${person.id}
    `;
    expect(account).toMatchObject({ raw_user_meta_data: {}, is_deleted: true });
    expect(account?.email).not.toContain("@");
    await expect(signIn(person.email)).rejects.toMatchObject({ code: "invalid_credentials" });
    // The address is free again, for a new person.
    expect((await createAccount()).id).not.toBe(person.id);
  });

  test("somebody who was verified keeps the record for five years, and the provider is told", async () => {
    const person = await createAccount();
    const { verification_id } = await verificationIn(person, "approved");
    const answer = await requestErasure(person);
    expect(answer.status).toBe("scheduled");
    expect(answer.erased_now).toContain("document_files");
    const years = new Date(answer.erasable_after).getUTCFullYear() - new Date().getUTCFullYear();
    expect(years).toBe(5);
    await erasureIn(owner(), person, "scheduled");
    const messages = async () => {
      const rows = await owner()`
        select topic, status from private.outbox
        where subject_id in (${verification_id}, ${person.id}) and topic <> 'provider.submit'
        order by topic
      `;
      return [...rows];
    };
    // Another test's run of the worker may still be sending one of them.
    await expect.poll(messages, { timeout: 15_000 }).toEqual([
      { topic: "auth.erase", status: "sent" },
      { topic: "provider.redact", status: "sent" },
      { topic: "storage.clear", status: "sent" },
      { topic: "storage.remove", status: "sent" },
    ]);
    const files = await owner()`
      select name from storage.objects where name like ${`${person.id}/%`}
    `;
    expect([...files]).toEqual([]);
  });

  test("what staff sees of somebody who has been erased is empty and fits the contract", async () => {
    const person = await createAccount();
    const { verification_id } = await verificationIn(person, "approved");
    const [admin, reviewer] = await Promise.all([
      createStaff(owner(), "admin"),
      createStaff(owner(), "reviewer"),
    ]);
    await requestErasure(person);
    await owner()`
      update private.erasure_requests set erasable_after = now() where user_id = ${person.id}
    `;
    await erasureIn(owner(), person, "completed");
    const user = await call("users.getUser", {
      as: admin.credential,
      body: { user_id: person.id },
    });
    expect(user.body).toMatchObject({
      user_id: person.id,
      first_name: null,
      email: null,
      user_is_permanently_deleted: true,
    });
    const found = await call("admin.getKyc", {
      as: reviewer.credential,
      params: { verification_id },
    });
    expect(found.body.subject).toMatchObject({ last_name: null, email: null, address: null });
  });

  test("asked again, with the token that is left, it answers the same request", async () => {
    const person = await createAccount();
    const first = await requestErasure(person);
    expect(await requestErasure(person)).toEqual(first);
    expect(await requestsOf(person)).toHaveLength(1);
  });

  test("ten requests at once, each with a key of its own, are one", async () => {
    const person = await createAccount();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        call("users.requestErasure", { ...ask(), as: person.credential }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = answers.map(({ body }) => body.erasure_request_id);
    expect(new Set(ids).size).toBe(1);
    expect(await requestsOf(person)).toHaveLength(1);
  });

  test("nothing else works with that token", async () => {
    const person = await createAccount();
    await requestErasure(person);
    const as = person.credential;
    await expectProblem("users.getMe", 403, "account_inactive", { as });
    await expectProblem("users.listMyActivity", 403, "account_inactive", { as });
    await expectProblem("users.createExport", 403, "account_inactive", { ...ask(), as });
    const rows = await person.client.from("profiles").select("user_id");
    expect(rows.data).toEqual([]);
  });

  test("an export that is ready goes with it", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    expect((await requestErasure(person)).erased_now).toContain("exports");
    const files = () =>
      owner()`select name from storage.objects where bucket_id = 'exports' and name like ${`${id}/%`}`;
    await expect.poll(files, { timeout: 10_000 }).toEqual([]);
  });

  test("under a legal hold the account is closed and nothing is erased", async () => {
    const person = await createAccount();
    await placeHold(await createStaff(owner(), "compliance_admin"), person.id);
    expect(await requestErasure(person)).toMatchObject({ status: "legal_hold", erased_now: [] });
    expect(await profileOf(person)).toMatchObject([
      { first_name: "Anna", email: person.email, is_soft_deleted: true },
    ]);
  });
});

describe("403", () => {
  test("an account that somebody else has deleted", async () => {
    const person = await createAccount();
    await softDelete(owner(), person);
    const request = { ...ask(), as: person.credential };
    await expectProblem("users.requestErasure", 403, "account_inactive", request);
    expect(await requestsOf(person)).toEqual([]);
  });
});

describe("409", () => {
  test("the last administrator", async () => {
    const admin = await createStaff(owner(), "admin");
    // The others are suspended in the transaction of this request alone, which is undone.
    const transactions = transactionsAfter(
      owner(),
      (tx) => tx`
        update public.profiles set suspended_at = now()
        where user_id <> ${admin.id} and suspended_at is null and not is_soft_deleted
          and user_id in (select user_id from private.user_roles where role = 'admin')
      `,
    );
    const users = usersFunctionAs(admin, transactions);
    const request = { ...ask(), as: admin.credential };
    await expectProblem("users.requestErasure", 409, "last_admin", request, users);
    expect(await requestsOf(admin)).toEqual([]);
    expect(await profileOf(admin)).toMatchObject([{ is_soft_deleted: false }]);
  });
});

describe("422", () => {
  test("for the key of another request", async () => {
    const person = await createAccount();
    const headers = newKey();
    const consent = { document: "terms", version: "2026-11-01" };
    await call("users.recordConsent", { as: person.credential, headers, body: consent });
    const request = { as: person.credential, headers };
    await expectProblem("users.requestErasure", 422, "idempotency_key_reused", request);
    expect(await requestsOf(person)).toEqual([]);
  });
});
