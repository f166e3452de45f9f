import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, type Credential, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { createMachineKey, type MachineKey } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let admin: Account;
let customer: Account;
let key: MachineKey;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
  key = await createMachineKey(admin);
});

const rotate = ({ keyId }: { keyId: string }, body?: object): ApiRequest => ({
  as: admin.credential,
  params: { key_id: keyId },
  headers: newKey(),
  ...(body && { body }),
});
const use = (as: Credential) => call("users.listUsers", { as, body: { limit: 1 } });
const stored = (id: string) =>
  owner()`select key_id, expires_at, replaced_by from private.machine_keys where key_id = ${id}`;

describeCommonAnswers("admin.rotateApiKey", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...rotate(key, { overlap_minutes: 5 }), as: {} }),
  keeps: () => stored(key.keyId),
});

describeIdempotency("admin.rotateApiKey", {
  caller: () => createStaff(owner(), "admin"),
  request: async (account) => {
    const { keyId } = await createMachineKey(account);
    return { params: { key_id: keyId }, body: { overlap_minutes: 5 } };
  },
  otherRequest: async (account) => {
    const { keyId } = await createMachineKey(account);
    return { params: { key_id: keyId }, body: { overlap_minutes: 5 } };
  },
  effects: async ({ id }) =>
    (
      await owner()`select from private.machine_keys where created_by = ${id} and replaced_by is not null`
    ).length,
  fresh: ["secret"],
});

describe("201", () => {
  test("both work during the overlap, then only the new one", async () => {
    const old = await createMachineKey(admin, { scopes: ["users:read"] });
    const { status, body } = await call("admin.rotateApiKey", rotate(old, { overlap_minutes: 60 }));
    expect(status).toBe(201);
    expect(body.api_key).toMatchObject({ scopes: ["users:read"], name: "Core banking" });
    const fresh = { authorization: `Bearer ${body.secret}` };
    expect([(await use(old.credential)).status, (await use(fresh)).status]).toEqual([200, 200]);

    await owner()`update private.machine_keys set expires_at = private.now() where key_id = ${old.keyId}`;
    expect((await use(old.credential)).body.code).toBe("api_key_expired");
    expect((await use(fresh)).status).toBe(200);
  });

  test("a day of overlap unless said otherwise; none ends the old key at once", async () => {
    const [one, two] = [await createMachineKey(admin), await createMachineKey(admin)];
    await call("admin.rotateApiKey", rotate(one));
    const [row] = await owner()`
      select extract(epoch from expires_at - private.now())::int as seconds
      from private.machine_keys where key_id = ${one.keyId}`;
    expect(row?.seconds).toBeGreaterThan(86_000);
    expect(row?.seconds).toBeLessThanOrEqual(86_400);

    await call("admin.rotateApiKey", rotate(two, { overlap_minutes: 0 }));
    expect((await use(two.credential)).body.code).toBe("api_key_expired");
  });
});

describe("404", () => {
  test("for a key that is revoked, replaced or unknown", async () => {
    const [revoked, replaced] = [await createMachineKey(admin), await createMachineKey(admin)];
    await call("admin.revokeApiKey", { as: admin.credential, params: { key_id: revoked.keyId } });
    await call("admin.rotateApiKey", rotate(replaced));
    for (const keyId of [revoked.keyId, replaced.keyId, randomUUID()]) {
      const before = await stored(keyId);
      await expectProblem("admin.rotateApiKey", 404, "not_found", rotate({ keyId }));
      expect(await stored(keyId)).toEqual(before);
    }
  });
});

describe("400", () => {
  test.each([-1, 10_081, 1.5, "60", null])("for an overlap of %j minutes", async (minutes) => {
    const request = rotate(key, { overlap_minutes: minutes });
    await expectProblem("admin.rotateApiKey", 400, "validation_failed", request);
  });
});
