import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { AdminUserSummary } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiAnswer, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { startVerification } from "../helpers/api-kyc.ts";
import { createNffUser } from "../helpers/api-operators.ts";
import { describePages } from "../helpers/api-pages.ts";

const owner = ownerConnection();
/** A family name that only the people of this file have. */
const family = `Q${randomUUID().replaceAll(/[^a-f]/g, "")}qz`;
let support: Account;
let auditor: Account;
let reviewer: Account;
let people: string[];

beforeAll(async () => {
  [support, auditor, reviewer] = await Promise.all([
    createStaff(owner(), "support"),
    createStaff(owner(), "auditor"),
    createStaff(owner(), "reviewer"),
  ]);
  const admin = await createStaff(owner(), "admin");
  people = [];
  for (const first_name of ["Carla", "Anton", "Berta", "Doris"]) {
    const { id } = await createNffUser(admin.credential, { first_name, last_name: family });
    people.push(id);
  }
});

const list = (query: string, as = support) => call("admin.listUsers", { as: as.credential, query });
const idsOf = ({ body }: ApiAnswer) => body.items.map((item: AdminUserSummary) => item.user_id);
const entries = async () => {
  const [row] = await owner()`
    select count(*)::int as count from private.audit_log where action = 'user.listed'`;
  return row?.count;
};

describeCommonAnswers("admin.listUsers", {
  caller: () => support.credential,
  outsider: () => reviewer.credential,
  request: () => ({ query: `?q=${family}` }),
  keeps: entries,
});

describePages("admin.listUsers", {
  caller: () => support,
  otherCaller: () => auditor,
  request: () => ({ query: `?q=${family}&sort=created_at` }),
  idOf: ({ user_id }) => user_id,
  count: 4,
});

describe("200", () => {
  test("newest first unless asked otherwise; each entry as it is", async () => {
    const { body } = await list(`?q=${family}`);
    expect(body.items.map(({ user_id }: AdminUserSummary) => user_id)).toEqual(people.toReversed());
    expect(body.items.at(-1)).toMatchObject({
      first_name: "Carla",
      last_name: family,
      country: "GB",
      account_status: "active",
      roles: [],
      kyc_status: "not_started",
      last_sign_in_at: null,
    });
    expect(idsOf(await list(`?q=${family}&sort=created_at`))).toEqual(people);
  });

  test("a person by id, by e-mail address, and with a mistake in the name", async () => {
    const person = await createAccount();
    expect(idsOf(await list(`?q=${person.id}`))).toEqual([person.id]);
    expect(idsOf(await list(`?q=${person.email}`))).toEqual([person.id]);
    expect(idsOf(await list(`?q=${randomUUID()}`))).toEqual([]);
    const wrong = `${family.slice(0, -3)}${family.slice(-2)}`;
    expect(idsOf(await list(`?q=${wrong}`))).toEqual(expect.arrayContaining(people));
  });

  test("filters: state, roles, KYC, country, time", async () => {
    const member = await createStaff(owner(), "approver");
    await startVerification(member);
    const { created_at } = (await list(`?q=${member.id}`)).body.items[0];
    const only = `?q=${member.id}`;
    const meets = async (filter: string) => idsOf(await list(`${only}&${filter}`)).length === 1;
    expect([
      await meets("role=reviewer&role=approver"),
      await meets("role=auditor"),
      await meets("kyc_status=action_required&kyc_status=approved"),
      await meets("kyc_status=not_started"),
      await meets("country=DE"),
      await meets(`created_from=${created_at}`),
      await meets("created_to=2020-01-01T00:00:00.000Z"),
      await meets("status=active"),
      await meets("status=suspended"),
    ]).toEqual([true, false, true, false, false, true, false, true, false]);
    await suspend(owner(), member);
    expect([await meets("status=suspended"), await meets("status=active")]).toEqual([true, false]);
    await owner()`update public.profiles set is_soft_deleted = true where user_id = ${member.id}`;
    expect([
      idsOf(await list(only)).length,
      await meets("status=soft_deleted"),
      await meets("status=suspended&status=permanently_deleted"),
    ]).toEqual([0, true, false]);
  });

  test("each page that was shown is in the audit, without the words of the search", async () => {
    await list(`?q=${family}&country=GB`, auditor);
    const [entry] = await owner()`
      select action, details, request_id from private.audit_log
      where stream = ${`staff:${auditor.id}`} order by sequence desc limit 1`;
    expect(entry).toMatchObject({
      action: "user.listed",
      details: '{"rows": 4, "filters": ["q", "country"]}',
      request_id: expect.any(String),
    });
  });
});

describe("400", () => {
  test.each([
    "status=gone",
    "status=active&status=active",
    "role=owner",
    "kyc_status=draft",
    "country=Germany",
    "created_from=yesterday",
    "sort=email",
    "q=x",
    `q=${"x".repeat(101)}`,
  ])("for %s", async (filter) => {
    const request = { as: support.credential, query: `?${filter}` };
    const { body } = await expectProblem("admin.listUsers", 400, "validation_failed", request);
    expect(body.errors[0].pointer).toMatch(new RegExp(`^query/${filter.split("=")[0]}`));
  });

  test("for the cursor of other filters", async () => {
    const { next_cursor } = (await list(`?q=${family}&limit=1`)).body;
    await expectProblem("admin.listUsers", 400, "invalid_cursor", {
      as: support.credential,
      query: `?q=${family}&limit=1&status=active&cursor=${next_cursor}`,
    });
  });
});

test("401 for staff that was suspended, with a token that is still good", async () => {
  const former = await createStaff(owner(), "admin");
  await suspend(owner(), former);
  const before = await entries();
  await expectProblem("admin.listUsers", 401, "session_ended", { as: former.credential });
  expect(await entries()).toBe(before);
});
