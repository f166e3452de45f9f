import { describe, expect, test } from "vitest";
import { validators as kyc } from "../../supabase/functions/_shared/generated/validators/kyc.js";
import { validators as users } from "../../supabase/functions/_shared/generated/validators/users.js";
import { validators as worker } from "../../supabase/functions/_shared/generated/validators/worker.js";

type Check = { (data: unknown): boolean; readonly errors?: readonly Fault[] | null };
type Fault = { readonly keyword: string; readonly instancePath: string };

function faultsOf(validate: Check, data: unknown): string[] {
  return validate(data)
    ? []
    : (validate.errors ?? []).map((fault) => `${fault.instancePath} ${fault.keyword}`);
}

const address = {
  address_name: "Home",
  street_address_1: "Lindenstraße 12",
  city: "Berlin",
  state_region: "Berlin",
  postal_code: "10969",
  country: "DE",
};
const newUser = { first_name: "Anna", last_name: "Schmidt", email: "anna@example.com", ...address };
const id = "019a9f3e-7c2b-7d41-8a6f-0c5d2e1b4a90";
const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const upload = {
  type: "passport",
  side: "front",
  content_type: "image/jpeg",
  size_bytes: 4096,
  sha256,
};

const patch = users["users.updateMe"].body;
const put = users["users.putMyAddress"].body;
const create = users["users.createUser"].body;
const update = users["users.updateUser"].body;
const document = kyc["kyc.addDocument"].body;
const run = worker["worker.run"].body;

describe("accepts", () => {
  test.each<[string, Check, unknown]>([
    ["a patch of one member", patch, { first_name: "Zoë" }],
    ["null for an optional member", patch, { middle_name: null, salutation: null, phone: null }],
    ["names of other scripts", patch, { first_name: "محمد", last_name: "山田" }],
    ["a leap day", patch, { date_of_birth: "2024-02-29" }],
    ["a whole address", put, address],
    ["an address with an empty second line", put, { ...address, street_address_2: null }],
    ["a new user", create, newUser],
    ["100 characters, counted as people do", patch, { first_name: "𝒜".repeat(100) }],
    ["an update of one member", update, { user_id: id, version: 7, city: "Hamburg" }],
    ["a document", document, upload],
    ["no limits for a run", run, {}],
  ])("%s", (_what, validate, data) => {
    expect(faultsOf(validate, data)).toEqual([]);
  });
});

describe("refuses", () => {
  test.each<[string, Check, unknown, string]>([
    ["an empty patch", patch, {}, " minProperties"],
    ["an unknown member", patch, { first_name: "A", role: "admin" }, " additionalProperties"],
    ["a member of the server", patch, { email: "a@example.com" }, " additionalProperties"],
    ["a status", patch, { kyc: { status: "approved" } }, " additionalProperties"],
    ["null for a required member", patch, { first_name: null }, "/first_name type"],
    ["a day that does not exist", patch, { date_of_birth: "2026-02-30" }, "/date_of_birth format"],
    [
      "29 February of a common year",
      patch,
      { date_of_birth: "1900-02-29" },
      "/date_of_birth format",
    ],
    ["a birth before 1900", patch, { date_of_birth: "1899-12-31" }, "/date_of_birth pattern"],
    ["a time in a date", patch, { date_of_birth: "1990-04-23T00:00:00Z" }, "/date_of_birth format"],
    ["a NUL", patch, { first_name: "A\u0000" }, "/first_name pattern"],
    ["a line break", patch, { first_name: "A\nB" }, "/first_name pattern"],
    ["a right-to-left override", patch, { first_name: "A\u202eB" }, "/first_name pattern"],
    ["half a surrogate pair", patch, { first_name: "A\ud800" }, "/first_name pattern"],
    ["101 characters", patch, { first_name: "a".repeat(101) }, "/first_name maxLength"],
    ["a phone number without +", patch, { phone: "4915112345678" }, "/phone pattern"],
    ["a number as text", patch, { first_name: 1 }, "/first_name type"],
    ["a list", patch, [], " type"],
    ["a missing member", put, { ...address, city: undefined }, " required"],
    ["a country that is not assigned", put, { ...address, country: "ZZ" }, "/country format"],
    ["a country in small letters", put, { ...address, country: "de" }, "/country pattern"],
    ["an e-mail address without domain", create, { ...newUser, email: "anna" }, "/email format"],
    ["a domain of one label", create, { ...newUser, email: "a@localhost" }, "/email format"],
    ["an update of nothing", update, { user_id: id, version: 7 }, " minProperties"],
    ["a broken number", update, { user_id: id, version: 1.5, city: "X" }, "/version type"],
    ["a number in quotes", update, { user_id: id, version: "1", city: "X" }, "/version type"],
    ["version 0", update, { user_id: id, version: 0, city: "X" }, "/version minimum"],
    [
      "a URN for a UUID",
      update,
      { user_id: `urn:uuid:${id}`, version: 1, city: "X" },
      "/user_id format",
    ],
    [
      "a file of one byte too many",
      document,
      { ...upload, size_bytes: 10_485_761 },
      "/size_bytes maximum",
    ],
    ["a file that is too small", document, { ...upload, size_bytes: 2047 }, "/size_bytes minimum"],
    [
      "a type of file",
      document,
      { ...upload, content_type: "image/svg+xml" },
      "/content_type enum",
    ],
    [
      "a hash in capitals",
      document,
      { ...upload, sha256: sha256.toUpperCase() },
      "/sha256 pattern",
    ],
  ])("%s", (_what, validate, data, fault) => {
    expect(faultsOf(validate, data)).toContain(fault);
  });

  test("everything that is wrong at once", () => {
    const faults = faultsOf(put, { city: "", country: "Germany", role: "admin" });
    expect(faults).toEqual(
      expect.arrayContaining([
        " required",
        " additionalProperties",
        "/city minLength",
        "/country maxLength",
      ]),
    );
  });
});

describe("query and path", () => {
  const { query, params } = kyc["kyc.getTimeline"];
  const list = kyc["kyc.listVerifications"].query;

  test("numbers are read and defaults filled in", () => {
    const found: unknown = { limit: "50" };
    expect(faultsOf(list, found)).toEqual([]);
    expect(found).toEqual({ limit: 50, sort: "-created_at" });
    const empty: unknown = {};
    expect(faultsOf(list, empty)).toEqual([]);
    expect(empty).toEqual({ limit: 25, sort: "-created_at" });
  });

  test.each(["0", "-1", "1.5", "1e2", "0x10", " 5", "", "abc", ["5", "6"]])(
    "limit %j is refused",
    (limit) => {
      expect(faultsOf(query, { limit })).not.toEqual([]);
    },
  );

  test("a limit over 100 is left for the operation to lower", () => {
    expect(faultsOf(query, { limit: "1000" })).toEqual([]);
  });

  test("an unknown parameter is refused, also where none is known", () => {
    expect(faultsOf(query, { offset: "5" })).toEqual([" additionalProperties"]);
    expect(faultsOf(users["users.getMe"].query, { debug: "1" })).toEqual([" additionalProperties"]);
  });

  test("an id in a path must be a UUID", () => {
    expect(faultsOf(params, { verification_id: id })).toEqual([]);
    expect(faultsOf(params, { verification_id: "1" })).toContain("/verification_id format");
  });
});
