import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { startVerification, verificationIn } from "../helpers/api-kyc.ts";
import { describePages } from "../helpers/api-pages.ts";
import { inReview } from "../helpers/api-review.ts";

const owner = ownerConnection();
let support: Account;
let auditor: Account;
let outsider: Account;
let drafts: string[];
/** Every test file shares the queue; this part of it belongs to this one. */
let since: string;

beforeAll(async () => {
  [support, auditor, outsider] = await Promise.all([
    createStaff(owner(), "support"),
    createStaff(owner(), "auditor"),
    createAccount(),
  ]);
  since = new Date().toISOString();
  drafts = [];
  for (let count = 0; count < 4; count += 1) {
    drafts.push((await startVerification(await createAccount())).verification_id);
  }
});

const list = (query: string) => call("admin.listKyc", { as: support.credential, query });
const idsOf = (body: { items: { verification_id: string }[] }) =>
  body.items.map(({ verification_id }) => verification_id);

describeCommonAnswers("admin.listKyc", {
  caller: () => support.credential,
  outsider: () => outsider.credential,
  request: () => ({}),
});

describePages("admin.listKyc", {
  caller: () => support,
  otherCaller: () => auditor,
  request: () => ({ query: `?created_from=${since}&status=draft&sort=created_at` }),
  idOf: ({ verification_id }) => verification_id,
  count: 4,
  own: () => drafts,
});

describe("200", () => {
  test("the longest waiting first, or turned round", async () => {
    const forward = await list(`?created_from=${since}&status=draft&sort=waiting_since&limit=100`);
    const back = await list(`?created_from=${since}&status=draft&sort=-waiting_since&limit=100`);
    const own = (body: { items: { verification_id: string }[] }) =>
      idsOf(body).filter((id) => drafts.includes(id));
    expect(own(forward.body)).toEqual(drafts);
    expect(own(back.body)).toEqual([...drafts].reverse());
  });

  test("one state, several states", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const { verification_id } = await verificationIn(person, "in_review");
    const both = await list(`?created_from=${since}&status=draft&status=in_review&limit=100`);
    expect(idsOf(both.body)).toEqual(expect.arrayContaining([verification_id, ...drafts]));
    const reviews = await list(`?created_from=${since}&status=in_review&limit=100`);
    expect(idsOf(reviews.body)).toContain(verification_id);
    expect(idsOf(reviews.body)).not.toContain(drafts[0]);
  });

  test("by due time, and what is overdue", async () => {
    const [soon, later] = [await inReview(owner()), await inReview(owner())];
    await owner()`
      update private.kyc_cases set due_at = now() - interval '1 hour'
      where verification_id = ${later.verification_id}`;
    const mine = `?created_from=${since}&status=in_review&limit=100`;
    const ofUs = async (query: string) => {
      const { body } = await list(`${mine}&${query}`);
      const items: { verification_id: string; is_overdue: boolean }[] = body.items;
      return items
        .filter(({ verification_id: id }) =>
          [soon.verification_id, later.verification_id].includes(id),
        )
        .map(({ verification_id, is_overdue }) => [verification_id, is_overdue]);
    };
    const byDue = [
      [later.verification_id, true],
      [soon.verification_id, false],
    ];
    expect(await ofUs("sort=due_at")).toEqual(byDue);
    expect(await ofUs("sort=-due_at")).toEqual(byDue.toReversed());
    expect(await ofUs("is_overdue=true")).toEqual(byDue.slice(0, 1));
    expect(await ofUs("is_overdue=false")).toEqual(byDue.slice(1));
  });

  test("[QUEUE-02] the own verification is not in the list", async () => {
    const own = await createStaff(owner(), "support");
    const { verification_id } = await startVerification(own);
    const asked = { query: `?q=${verification_id}` };
    expect((await call("admin.listKyc", { ...asked, as: own.credential })).body.items).toEqual([]);
    expect(idsOf((await list(asked.query)).body)).toEqual([verification_id]);
  });

  test("by id, by name, by e-mail address", async () => {
    const [id = ""] = drafts;
    expect(idsOf((await list(`?q=${id}`)).body)).toEqual([id]);
    const [row] = await owner()`
      select email from public.profiles join public.kyc_verifications using (user_id)
      where verification_id = ${id}
    `;
    expect(idsOf((await list(`?q=${encodeURIComponent(row?.email)}`)).body)).toEqual([id]);
    expect((await list("?q=no-such-person-anywhere")).body.items).toEqual([]);
  });
});

describe("400", () => {
  test.each([
    "status=done",
    "status=draft&status=draft",
    "risk_level=huge",
    "sort=name",
    "created_from=yesterday",
    "country=Germany",
    "assignee=somebody",
    "is_overdue=maybe",
    "is_overdue=true&is_overdue=false",
  ])("for %s", async (filter) => {
    const request = { as: support.credential, query: `?${filter}` };
    const { body } = await expectProblem("admin.listKyc", 400, "validation_failed", request);
    expect(body.errors[0].pointer).toMatch(new RegExp(`^query/${filter.split("=")[0]}`));
  });

  test("for the cursor of other filters", async () => {
    const { body } = await list(`?created_from=${since}&status=draft&limit=1`);
    await expectProblem("admin.listKyc", 400, "invalid_cursor", {
      as: support.credential,
      query: `?created_from=${since}&status=approved&limit=1&cursor=${body.next_cursor}`,
    });
  });
});

describe("403", () => {
  test("as soon as the role is taken away, although the token is the same", async () => {
    const person = await createStaff(owner(), "support");
    expect((await call("admin.listKyc", { as: person.credential })).status).toBe(200);
    await owner()`delete from private.user_roles where user_id = ${person.id}`;
    await expectProblem("admin.listKyc", 403, "forbidden", { as: person.credential });
  });
});

describe("401", () => {
  test("suspending a member of staff ends the session, whatever the token says", async () => {
    const suspended = await createStaff(owner(), "admin");
    await suspend(owner(), suspended);
    const request = { as: suspended.credential };
    const { headers } = await expectProblem("admin.listKyc", 401, "session_ended", request);
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});
