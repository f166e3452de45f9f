import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

const owner = ownerConnection();
let admin: Account;
let second: Account;
let officer: Account;
let anna: Account;

beforeAll(async () => {
  [admin, second, officer, anna] = await Promise.all([
    createStaff(owner(), "admin"),
    createStaff(owner(), "admin"),
    createStaff(owner(), "compliance_admin"),
    createAccount(),
  ]);
});

const put = (
  { id }: { id: string },
  roles: readonly string[],
  more: { by?: Account; match?: string; approval_id?: string } = {},
): ApiRequest => ({
  as: (more.by ?? admin).credential,
  params: { user_id: id },
  headers: { "if-match": more.match ?? "*" },
  body: { roles, ...(more.approval_id && { approval_id: more.approval_id }) },
});

const rolesOf = ({ id }: { id: string }) =>
  owner()`select role, granted_by from private.user_roles where user_id = ${id} order by role`;

const refused = async (
  status: number,
  code: string,
  person: { id: string },
  request: ApiRequest,
) => {
  const before = await rolesOf(person);
  await expectProblem("admin.putUserRoles", status, code, request);
  expect(await rolesOf(person)).toEqual(before);
};

describeCommonAnswers("admin.putUserRoles", {
  caller: () => admin.credential,
  outsider: () => officer.credential,
  request: () => put(anna, ["support"]),
  keeps: () => rolesOf(anna),
});

describe("200", () => {
  test("a role counts with the next request, and no longer than it is there", async () => {
    const person = await createAccount();
    const asks = () => call("admin.listKyc", { as: person.credential });
    expect((await asks()).status).toBe(403);
    const granted = await call("admin.putUserRoles", put(person, ["reviewer", "support"]));
    expect([granted.status, granted.body]).toEqual([
      200,
      {
        result: "applied",
        user_id: person.id,
        roles: ["support", "reviewer"],
        version: expect.any(Number),
        pending_role_change: null,
      },
    ]);
    expect(granted.headers.get("etag")).toBe(`"v${granted.body.version}"`);
    expect((await asks()).status).toBe(200);
    await call("admin.putUserRoles", put(person, []));
    expect((await asks()).status).toBe(403);
  });

  test("only for the version that was read; one of several is enough", async () => {
    const person = await createAccount();
    const { headers } = await call("admin.putUserRoles", put(person, ["support"]));
    const match = headers.get("etag") ?? "";
    await refused(412, "precondition_failed", person, put(person, [], { match: '"v1"' }));
    const { status } = await call(
      "admin.putUserRoles",
      put(person, ["auditor"], { match: `"v99", ${match}` }),
    );
    expect(status).toBe(200);
  });

  test("the claim of the next token says so, for front ends", async () => {
    const person = await createAccount();
    const claimOf = (token: string) =>
      JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).user_roles;
    expect(claimOf(person.token)).toEqual([]);
    await call("admin.putUserRoles", put(person, ["auditor", "support"]));
    const { data } = await person.client.auth.refreshSession();
    expect(claimOf(data.session?.access_token ?? "")).toEqual(["support", "auditor"]);
  });

  test("a claim of a former role opens nothing", async () => {
    const person = await createAccount();
    await call("admin.putUserRoles", put(person, ["support"]));
    const { data } = await person.client.auth.refreshSession();
    await call("admin.putUserRoles", put(person, []));
    const as = { authorization: `Bearer ${data.session?.access_token}` };
    await expectProblem("admin.listKyc", 403, "forbidden", { as });
  });
});

describe("202", () => {
  test.each(["admin", "compliance_admin"])(
    "giving %s takes a second administrator",
    async (role) => {
      const person = await createAccount();
      const asked = await call("admin.putUserRoles", put(person, [role, "support"]));
      expect([asked.status, asked.body]).toMatchObject([
        202,
        {
          result: "pending_second_approval",
          roles: [],
          pending_role_change: { requested_by: admin.id },
        },
      ]);
      const { approval_id } = asked.body.pending_role_change;
      const confirm = (by: Account, roles = ["support", role]) =>
        put(person, roles, { by, approval_id });

      await refused(403, "self_approval", person, confirm(admin));
      await refused(409, "approval_stale", person, confirm(second, [role]));
      await refused(
        409,
        "approval_stale",
        person,
        put(person, [role, "support"], { by: second, approval_id: randomUUID() }),
      );
      const confirmed = await call("admin.putUserRoles", confirm(second));
      expect([confirmed.status, confirmed.body.result]).toEqual([200, "applied"]);
      expect(await rolesOf(person)).toContainEqual({ role, granted_by: admin.id });
      await refused(409, "approval_stale", person, confirm(second));
    },
  );
});

describe("[ROLE-01] rules", () => {
  test("403 for the own roles", async () => {
    await refused(403, "own_role_change", admin, put(admin, []));
    await refused(403, "own_role_change", admin, put(admin, ["admin", "reviewer"]));
  });

  test("403 for everybody but an administrator", async () => {
    const roles = ["support", "reviewer", "approver", "auditor", "compliance_admin"];
    const staff = await createStaff(owner(), ...roles);
    await refused(403, "forbidden", anna, put(anna, ["support"], { by: staff }));
    await refused(403, "forbidden", anna, put(anna, ["admin"], { by: anna }));
  });

  test("404 for an id that nobody has", async () => {
    const nobody = { id: randomUUID() };
    await refused(404, "not_found", nobody, put(nobody, ["support"]));
    await refused(404, "not_found", nobody, put(nobody, ["support"], { match: '"v1", "v2"' }));
  });

  test("409 for an account that is not active", async () => {
    const person = await createStaff(owner(), "support");
    await suspend(owner(), person);
    await refused(409, "account_state_conflict", person, put(person, ["reviewer"]));
    expect((await call("admin.putUserRoles", put(person, []))).status).toBe(200);
  });

  test.each([[["owner"]], [["support", "support"]], ["support"], [null], [[1]]])(
    "400 for roles of %j",
    async (roles) => {
      const request = { ...put(anna, []), body: { roles } };
      await refused(400, "validation_failed", anna, request);
    },
  );
});
