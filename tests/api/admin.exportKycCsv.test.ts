import { beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, call, expectProblem, urlOf } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { startVerification, verificationIn } from "../helpers/api-kyc.ts";
import { readCsv } from "../helpers/read-csv.ts";

const owner = ownerConnection();
let auditor: Account;
let officer: Account;
let admin: Account;
let since: string;
let drafts: string[];

const COLUMNS = [
  ...["verification_id", "user_id", "status", "attempt", "internal_reason_code", "risk_level"],
  ...["country", "assignee_id", "created_at", "submitted_at", "status_changed_at", "expires_at"],
  "export_id",
];

beforeAll(async () => {
  [auditor, officer, admin] = await Promise.all([
    createStaff(owner(), "auditor"),
    createStaff(owner(), "compliance_admin"),
    createStaff(owner(), "admin"),
  ]);
  since = new Date().toISOString();
  drafts = [];
  for (let count = 0; count < 3; count += 1) {
    drafts.push((await startVerification(await createAccount())).verification_id);
  }
});

const load = (query: string, as = auditor) =>
  call("admin.exportKycCsv", { as: as.credential, query });
const rowsOf = ({ text }: ApiAnswer) =>
  readCsv(text)
    .slice(1)
    .map((cells) => Object.fromEntries(COLUMNS.map((name, place) => [name, cells[place]])));

const exportsBy = ({ id }: Account) => owner()`
  select subject_id, details from private.audit_log
  where stream = ${`staff:${id}`} and action = 'kyc.exported' order by sequence`;

describeCommonAnswers("admin.exportKycCsv", {
  caller: () => auditor.credential,
  outsider: () => admin.credential,
  request: () => ({ query: `?created_from=${since}` }),
  keeps: () => exportsBy(auditor),
});

describe("200", () => {
  test("a file of CSV in UTF-8 with a header line, the oldest first", async () => {
    const answer = await load(`?status=draft&created_from=${since}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(answer.headers.get("content-disposition")).toMatch(
      /^attachment; filename="kyc-\d{4}-\d\d-\d\d\.csv"$/,
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(readCsv(answer.text)[0]).toEqual(COLUMNS);
    const rows = rowsOf(answer).filter(({ verification_id = "" }) =>
      drafts.includes(verification_id),
    );
    expect(rows.map(({ verification_id }) => verification_id)).toEqual(drafts);
    expect(rows[0]).toMatchObject({ status: "draft", attempt: "0", submitted_at: "" });
  });

  test("[USER-02] each row names the entry of the audit, which has filters and number", async () => {
    const answer = await load(`?status=draft&created_from=${since}`, officer);
    const rows = rowsOf(answer);
    const [entry] = (await exportsBy(officer)).slice(-1);
    expect(new Set(rows.map(({ export_id }) => export_id))).toEqual(new Set([entry?.subject_id]));
    expect(JSON.parse(entry?.details)).toEqual({
      filters: { status: ["draft"], created_from: since },
      rows: rows.length,
    });
  });

  test("an export of nothing has a header line and an entry", async () => {
    const before = (await exportsBy(officer)).length;
    const answer = await load("?created_to=2001-01-01T00:00:00.000Z", officer);
    expect(readCsv(answer.text)).toEqual([COLUMNS]);
    expect(await exportsBy(officer)).toHaveLength(before + 1);
  });

  test("filters: state, risk, reason, country", async () => {
    const person = await createAccount({ tag: "+kyc-review" });
    const { verification_id: id } = await verificationIn(person, "in_review");
    const [known] = await owner()`
      select c.reason_code, c.risk_level, a.country from private.kyc_cases as c
      join public.addresses as a on a.user_id = ${person.id} where c.verification_id = ${id}`;
    const meets = async (filter: string) =>
      rowsOf(await load(`?created_from=${since}&${filter}`)).some(
        ({ verification_id }) => verification_id === id,
      );
    expect([
      await meets("status=in_review&status=approved"),
      await meets("status=draft"),
      await meets(`reason_code=${known?.reason_code}`),
      await meets("reason_code=document_damaged"),
      await meets(`risk_level=${known?.risk_level ?? "low"}`),
      await meets(`country=${known?.country}`),
      await meets("country=SE"),
    ]).toEqual([true, false, true, false, true, true, false]);
  });

  test("names and e-mail addresses are nowhere in it", async () => {
    const { text } = await load(`?created_from=${since}`);
    expect(text).not.toMatch(/@|Schmidt|Anna/);
  });

  test("more rows than are read at once: each of them once, in order", async () => {
    const count = 1_100;
    const made = await owner()<{ id: string }[]>`
      with accounts as (
        insert into auth.users (id, email, aud, role, raw_user_meta_data)
        select id, id || '@example.com', 'authenticated', 'authenticated', '{}'
        from (select gen_random_uuid() as id from generate_series(1, ${count})) as made returning id
      ), numbered as (
        select id, row_number() over () as place from accounts
      )
      select id, place from numbered`;
    await owner()`
      with started as (
        insert into public.kyc_verifications (user_id, max_attempts, created_at)
        select id, 3, timestamptz '2001-01-01' + place * interval '1 minute'
        from unnest(${made.map(({ id }) => id)}::uuid[]) with ordinality as account (id, place)
        returning verification_id
      )
      insert into private.kyc_cases (verification_id, provider) select verification_id, 'mock' from started`;
    const rows = rowsOf(await load("?created_to=2002-01-01T00:00:00.000Z"));
    const times = rows.map(({ created_at }) => created_at ?? "");
    expect(rows.length).toBeGreaterThanOrEqual(count);
    expect(new Set(rows.map(({ verification_id }) => verification_id)).size).toBe(rows.length);
    expect(times).toEqual(times.toSorted());
  });

  test("a client that breaks off costs nobody anything", async () => {
    const controller = new AbortController();
    const response = await fetch(urlOf("admin.exportKycCsv"), {
      headers: auditor.credential,
      signal: controller.signal,
    });
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toMatch(/^verification_id,/);
    controller.abort();
    expect((await load(`?created_from=${since}`)).status).toBe(200);
  });
});

describe("400", () => {
  test.each([
    "status=done",
    "risk_level=huge",
    "reason_code=because",
    "country=Germany",
    "created_from=yesterday",
  ])("for %s", async (filter) => {
    const before = await exportsBy(auditor);
    await expectProblem("admin.exportKycCsv", 400, "validation_failed", {
      as: auditor.credential,
      query: `?${filter}`,
    });
    expect(await exportsBy(auditor)).toEqual(before);
  });
});

test("405 for HEAD, which must not be written down as an export", async () => {
  const before = await exportsBy(auditor);
  const response = await fetch(urlOf("admin.exportKycCsv"), {
    method: "HEAD",
    headers: auditor.credential,
  });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, OPTIONS"]);
  expect(await exportsBy(auditor)).toEqual(before);
});

test("401 for staff that was suspended, with a token that is still good", async () => {
  const former = await createStaff(owner(), "auditor");
  await suspend(owner(), former);
  await expectProblem("admin.exportKycCsv", 401, "session_ended", { as: former.credential });
  expect(await exportsBy(former)).toHaveLength(0);
});
