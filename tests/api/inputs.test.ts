import { beforeAll, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { flag } from "../helpers/api-deletion.ts";
import { attacksFor, bodyTakers } from "../helpers/api-inputs.ts";
import { ADDRESS, newKey } from "../helpers/api-kyc.ts";
import { createMachineKey, createNffUser, nffUser } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let admin: Account;
let anna: Account;

/** A good request, which the attacks are made from, and what they may not change. */
type Case = {
  readonly request: () => Promise<ApiRequest & { body: Record<string, unknown> }>;
  readonly keeps: (request: ApiRequest & { body: Record<string, unknown> }) => Promise<unknown>;
};

const personIn = ({ body }: { body: Record<string, unknown> }) =>
  owner()`
    select p.*, a.* from public.profiles as p left join public.addresses as a using (user_id)
    where p.user_id = ${String(body.user_id)}`;

const byAdmin = (body: Record<string, unknown>, more: ApiRequest = {}) => ({
  as: admin.credential,
  headers: newKey(),
  ...more,
  body,
});

const byAnna = (body: Record<string, unknown>) => ({
  as: anna.credential,
  headers: { ...newKey(), "if-match": "*" },
  body,
});

const bySomebodyNew = async () => byAdmin({ user_id: (await createNffUser(admin.credential)).id });

const keepsAnna = () =>
  owner()`
    select p.*, a.*, (select count(*) from public.consents where user_id = ${anna.id}) as consents
    from public.profiles as p left join public.addresses as a using (user_id) where p.user_id = ${anna.id}`;

const keepsKeys = () =>
  owner()`select * from private.machine_keys where created_by = ${admin.id} order by key_id`;

const CASES: Partial<Record<OperationId, Case>> = {
  "users.createUser": {
    request: async () =>
      byAdmin(
        nffUser({
          middle_name: "King",
          salutation: "Dr.",
          date_of_birth: "1990-12-10",
          street_address_2: "2nd floor",
        }),
      ),
    keeps: ({ body }) => owner()`
      select from auth.users where email = ${String(body.email)}
      union all select from private.account_changes where email = ${String(body.email)}`,
  },
  "users.getUser": { request: async () => byAdmin({ user_id: anna.id }), keeps: personIn },
  "users.listUsers": {
    request: async () =>
      byAdmin({
        limit: 1,
        sort: "email",
        search: "anna",
        email: anna.email,
        country: "DE",
        kyc_status: "pending",
        created_from: "2026-01-01T00:00:00Z",
        created_to: "2099-01-01T00:00:00Z",
        include_deleted: true,
      }),
    keeps: keepsAnna,
  },
  "users.updateUser": {
    request: async () => {
      const { id, version } = await createNffUser(admin.credential);
      const { email: _, ...members } = nffUser({ date_of_birth: "1990-12-10" });
      return byAdmin({ user_id: id, version, ...members });
    },
    keeps: personIn,
  },
  "users.softDeleteUser": { request: bySomebodyNew, keeps: personIn },
  "users.permanentlyDeleteUser": { request: bySomebodyNew, keeps: personIn },
  "users.reactivateUser": {
    request: async () => {
      const { id } = await createNffUser(admin.credential);
      await flag("users.softDeleteUser", admin.credential, id);
      return byAdmin({ user_id: id });
    },
    keeps: personIn,
  },
  "users.updateMe": {
    request: async () =>
      byAnna({
        first_name: "Berta",
        middle_name: "B",
        last_name: "Schulz",
        salutation: "Dr.",
        date_of_birth: "1990-12-10",
        phone: "+4915112345678",
      }),
    keeps: keepsAnna,
  },
  "users.putMyAddress": {
    request: async () => byAnna({ ...ADDRESS, street_address_2: "2nd floor" }),
    keeps: keepsAnna,
  },
  "users.recordConsent": {
    request: async () => byAnna({ document: "terms", version: "2026-11-01" }),
    keeps: keepsAnna,
  },
  "admin.createApiKey": {
    request: async () =>
      byAdmin({
        name: "Core banking",
        scopes: ["users:read"],
        allowed_cidrs: ["203.0.113.0/24"],
        expires_at: "2099-01-01T00:00:00.000Z",
      }),
    keeps: keepsKeys,
  },
  "admin.rotateApiKey": {
    request: async () => {
      const { keyId } = await createMachineKey(admin);
      return byAdmin({ overlap_minutes: 5 }, { params: { key_id: keyId } });
    },
    keeps: keepsKeys,
  },
  "admin.putUserRoles": {
    request: async () =>
      byAdmin(
        { roles: ["support"] },
        { params: { user_id: anna.id }, headers: { "if-match": "*" } },
      ),
    keeps: () => owner()`select * from private.user_roles where user_id = ${anna.id}`,
  },
};

beforeAll(async () => {
  [admin, anna] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});

const IDS = bodyTakers((id) => id.startsWith("users.") || /^admin\..*(ApiKey|UserRoles)/.test(id));

describe("bad input, made from the contract", () => {
  test.each(IDS)("[PROP-01] %s refuses all of it, and nothing changes", async (id) => {
    const attacked = CASES[id];
    if (!attacked) throw new Error(`Add a good request of ${id} to this file.`);
    const request = await attacked.request();
    const { body: good, ...rest } = request;
    const before = await attacked.keeps(request);
    const attacks = attacksFor(id, good);
    expect(attacks.length).toBeGreaterThan(10);
    const accepted: unknown[] = [];
    for (const { what, raw, code } of attacks) {
      const { status, body } = await call(id, { ...rest, raw });
      if (status !== 400 || body.code !== code) accepted.push([what, status, body.code]);
    }
    expect(accepted).toEqual([]);
    expect(await attacked.keeps(request)).toEqual(before);
  });

  test.each(IDS)("%s takes the good request that the attacks were made from", async (id) => {
    const request = await CASES[id]?.request();
    const { status, text } = await call(id, request);
    expect(status, text).toBeLessThan(300);
  });
});
