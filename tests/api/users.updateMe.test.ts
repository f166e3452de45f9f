import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  softDelete,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

const owner = ownerConnection();
let anna: Account;

beforeAll(async () => {
  anna = await createAccount();
});

const profileOf = ({ id }: Account) => owner()`select * from public.profiles where user_id = ${id}`;

const patch = (as: Account, body: unknown, ifMatch = "*"): ApiRequest => ({
  as: as.credential,
  headers: { "if-match": ifMatch },
  body,
});

describeCommonAnswers("users.updateMe", {
  caller: () => anna.credential,
  request: () => ({ headers: { "if-match": "*" }, body: { first_name: "Berta" } }),
  keeps: () => profileOf(anna),
});

describe("200", () => {
  test("a merge patch changes what it names, removes what is null and leaves the rest", async () => {
    const person = await createAccount();
    await call("users.updateMe", patch(person, { middle_name: "Maria", phone: "+4915112345678" }));
    const { status, body, headers } = await call(
      "users.updateMe",
      patch(person, { middle_name: null, date_of_birth: "1990-04-23" }, '"v2"'),
    );
    expect(status).toBe(200);
    expect(body.profile).toMatchObject({
      first_name: "Anna",
      middle_name: null,
      phone: "+4915112345678",
      date_of_birth: "1990-04-23",
    });
    expect(headers.get("etag")).toBe('"v3"');
  });

  test("the same as plain JSON", async () => {
    const request = patch(anna, { salutation: "Dr." });
    const headers = { ...request.headers, "content-type": "application/json; charset=UTF-8" };
    const { status, body } = await call("users.updateMe", { ...request, headers });
    expect([status, body.profile.salutation]).toEqual([200, "Dr."]);
  });

  test("one of several versions is enough", async () => {
    const person = await createAccount();
    const { status } = await call("users.updateMe", patch(person, { phone: null }, '"v7", "v1"'));
    expect(status).toBe(200);
  });

  test("texts are stored in NFC and trimmed", async () => {
    const { body } = await call("users.updateMe", patch(anna, { last_name: "  Nun\u0303ez 𠮷 " }));
    expect(body.profile.last_name).toBe("Nuñez 𠮷");
  });
});

describe("400", () => {
  test.each([
    ["a control character", { first_name: "An\u0000na" }, "forbidden_character"],
    ["a directional override", { first_name: "Anna\u202Egnp" }, "forbidden_character"],
    ["half a character", { first_name: "Anna\uD800" }, "forbidden_character"],
    ["nothing but spaces", { first_name: "   " }, "min_length"],
    ["a name that is too long", { first_name: "x".repeat(101) }, "max_length"],
    ["a phone number without a country", { phone: "0151 12345678" }, "pattern"],
    ["a day that does not exist", { date_of_birth: "2001-02-30" }, "format"],
    ["a birth before 1900", { date_of_birth: "1899-12-31" }, "pattern"],
    ["a birth in the future", { date_of_birth: "2099-01-01" }, "invalid"],
    ["no name at all", { first_name: null }, "type"],
  ])("for %s", async (_what, body, code) => {
    const before = await profileOf(anna);
    const answer = await expectProblem(
      "users.updateMe",
      400,
      "validation_failed",
      patch(anna, body),
    );
    const [name] = Object.keys(body);
    expect(answer.body.errors).toContainEqual(
      expect.objectContaining({ pointer: `#/${name}`, code }),
    );
    expect(await profileOf(anna)).toEqual(before);
  });

  test.each(["email", "user_id", "roles", "is_soft_deleted", "suspended_at", "version", "kyc"])(
    "[PROP-01] for %s, which belongs to the server",
    async (name) => {
      const before = await profileOf(anna);
      const request = patch(anna, { first_name: "Berta", [name]: "x" });
      const { body } = await expectProblem("users.updateMe", 400, "validation_failed", request);
      expect(body.errors).toEqual([
        expect.objectContaining({ pointer: `#/${name}`, code: "unknown_member" }),
      ]);
      expect(await profileOf(anna)).toEqual(before);
    },
  );

  test("every fault is told at once", async () => {
    const request = patch(anna, { first_name: "", phone: "1", date_of_birth: "x", surprise: 1 });
    const { body } = await expectProblem("users.updateMe", 400, "validation_failed", request);
    const pointers = new Set(body.errors.map(({ pointer }: { pointer: string }) => pointer));
    expect(pointers).toEqual(new Set(["#/first_name", "#/phone", "#/date_of_birth", "#/surprise"]));
  });

  test("an empty patch is none", async () => {
    await expectProblem("users.updateMe", 400, "validation_failed", patch(anna, {}));
  });
});

describe("403", () => {
  test.each([
    ["suspended", suspend],
    ["deleted", softDelete],
  ])("[AUTH-04] a %s account changes nothing", async (_what, stop) => {
    const person = await createAccount();
    await stop(owner(), person);
    const before = await profileOf(person);
    const request = patch(person, { first_name: "Berta" });
    await expectProblem("users.updateMe", 403, "account_inactive", request);
    expect(await profileOf(person)).toEqual(before);
  });

  test("[EYES-18] a member of staff does not become somebody else", async () => {
    const staff = await createStaff(owner(), "approver");
    const known = { first_name: "Ada", last_name: "Muller", date_of_birth: "1980-02-03" };
    expect((await call("users.updateMe", patch(staff, known))).status).toBe(200);
    expect((await call("users.updateMe", patch(staff, { last_name: "Müller" }))).status).toBe(200);
    const before = await profileOf(staff);
    for (const changes of [{ last_name: "Else" }, { date_of_birth: "1980-02-04" }]) {
      await expectProblem("users.updateMe", 403, "forbidden", patch(staff, changes));
    }
    expect(await profileOf(staff)).toEqual(before);
  });
});

describe("412", () => {
  test("of twenty writers at once with the same version, one wins", async () => {
    const person = await createAccount();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call("users.updateMe", patch(person, { middle_name: `Nr ${index}` }, '"v1"')),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
    const winner = answers.find(({ status }) => status === 200);
    const [row] = await profileOf(person);
    expect(row).toMatchObject({ version: 2, middle_name: winner?.body.profile.middle_name });
  });
});
