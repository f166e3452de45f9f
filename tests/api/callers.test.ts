import { beforeAll, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import {
  type OperationMetadata,
  operations,
} from "../../supabase/functions/_shared/generated/operations.ts";
import { ANONYMOUS, type Credential, call } from "../helpers/api.ts";
import { createAccount, createStaff, ownerConnection, secretKey } from "../helpers/api-accounts.ts";
import { createMachineKey } from "../helpers/api-operators.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();

const ROLES = ["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"] as const;
const CALLERS = [
  "anonymous",
  "publishable key",
  "secret key",
  "user",
  ...ROLES,
  "key users:read",
  "key users:write",
  "key of both scopes",
] as const;
type Caller = (typeof CALLERS)[number];

let credentials: Record<Caller, Credential>;

beforeAll(async () => {
  const staff = async (role: string) => (await createStaff(owner(), role)).credential;
  const admin = await createStaff(owner(), "admin");
  const key = async (...scopes: string[]) => (await createMachineKey(admin, { scopes })).credential;
  credentials = {
    anonymous: ANONYMOUS,
    "publishable key": {
      apikey: stackEnv().publishableKey,
      authorization: `Bearer ${stackEnv().publishableKey}`,
    },
    "secret key": secretKey(),
    user: (await createAccount()).credential,
    support: await staff("support"),
    reviewer: await staff("reviewer"),
    approver: await staff("approver"),
    compliance_admin: await staff("compliance_admin"),
    auditor: await staff("auditor"),
    admin: admin.credential,
    "key users:read": await key("users:read"),
    "key users:write": await key("users:write"),
    "key of both scopes": await key("users:read", "users:write"),
  };
});

/** What the contract lets a caller do, read from nothing but the contract. */
function expected({ auth, roles, scopes }: OperationMetadata, caller: Caller): string {
  const isPerson = caller === "user" || ROLES.some((role) => role === caller);
  const keyScopes = caller.startsWith("key ")
    ? ["users:read", "users:write"].filter(
        (scope) => caller === "key of both scopes" || caller.endsWith(scope),
      )
    : null;
  switch (auth) {
    case "public":
    case "signature":
      return "let in";
    case "secret":
      return caller === "secret key" ? "let in" : "401";
    case "user":
      return isPerson ? "let in" : "401";
    case "staff":
      if (!isPerson) return "401";
      return roles.includes(caller) ? "let in" : "403 forbidden";
    case "staff_or_machine":
      if (keyScopes) {
        const isEnough = scopes.some((scope) => keyScopes.includes(scope));
        return isEnough ? "let in" : "403 insufficient_scope";
      }
      if (!isPerson) return "401";
      return roles.includes(caller) ? "let in" : "403 forbidden";
  }
}

/**
 * Knocks and goes away: authentication and authorization come before the request is looked at, so
 * whoever is let in hears that the query is wrong, and nothing has happened.
 */
async function knock(id: OperationId, caller: Caller): Promise<string> {
  const { status, body } = await call(id, {
    as: credentials[caller],
    params: {
      user_id: "00000000-0000-4000-8000-00000000ffff",
      key_id: "00000000-0000-4000-8000-00000000ffff",
      session_id: "00000000-0000-4000-8000-00000000ffff",
      export_id: "00000000-0000-4000-8000-00000000ffff",
    },
    query: "?surprise=1",
    headers: { "idempotency-key": "knock", "if-match": "*" },
    ...(operations[id].requestMediaTypes.length > 0 && { raw: "{}" }),
  });
  if (status === 400) return "let in";
  return status === 403 ? `403 ${body.code}` : String(status);
}

const GROUP = Object.values<OperationMetadata>(operations).filter(
  ({ id, group }) => group === "users" || /^admin\..*(ApiKey|UserRoles)/.test(id),
);

describe("[FUNC-01] operation × caller, as the contract says", () => {
  test("the group is not empty, and has operations of every kind", () => {
    expect(new Set(GROUP.map(({ auth }) => auth)).size).toBeGreaterThanOrEqual(3);
    expect(GROUP.length).toBeGreaterThan(20);
  });

  test.each(GROUP.map((operation) => [operation.id, operation] as const))(
    "%s",
    async (_id, operation) => {
      const id = Object.values(operations).find((known) => known.id === operation.id)?.id;
      if (!id) throw new Error("Not in the contract.");
      const answers = await Promise.all(
        CALLERS.map(async (caller) => [caller, await knock(id, caller)] as const),
      );
      expect(Object.fromEntries(answers)).toEqual(
        Object.fromEntries(CALLERS.map((caller) => [caller, expected(operation, caller)])),
      );
    },
  );

  test("a header that names another method or caller changes nothing", async () => {
    const headers = {
      "x-http-method-override": "GET",
      "x-original-url": "/users/me",
      "x-user-id": "00000000-0000-4000-8000-000000000007",
      "x-forwarded-user": "admin@demo.example.com",
    };
    const { status } = await call("users.listUsers", {
      as: credentials.user,
      headers,
      body: {},
    });
    expect(status).toBe(403);
  });
});
