import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { createMachineKey, type MachineKey } from "../helpers/api-operators.ts";

const owner = ownerConnection();
let admin: Account;
let auditor: Account;
let customer: Account;
let keys: MachineKey[];

beforeAll(async () => {
  [admin, auditor, customer] = await Promise.all([
    createStaff(owner(), "admin"),
    createStaff(owner(), "auditor"),
    createAccount(),
  ]);
  keys = [];
  for (let count = 0; count < 4; count += 1) keys.push(await createMachineKey(admin));
});

describeCommonAnswers("admin.listApiKeys", {
  caller: () => auditor.credential,
  outsider: () => customer.credential,
  request: () => ({}),
});

const list = (query: string) => call("admin.listApiKeys", { as: auditor.credential, query });
const own = (items: { key_id: string }[]) =>
  items.map(({ key_id }) => key_id).filter((id) => keys.some(({ keyId }) => keyId === id));

describe("200", () => {
  test("newest first, or turned round", async () => {
    const ids = keys.map(({ keyId }) => keyId);
    expect(own((await list("?limit=100")).body.items)).toEqual(ids.toReversed());
  });

  test("never the key or its hash", async () => {
    const { text } = await list("?limit=100");
    for (const { secret } of keys) expect(text).not.toContain(secret.slice(13));
    expect(text).not.toMatch(/sha256|hash|secret/);
  });

  test("by state, and with the last use", async () => {
    const [key] = keys;
    if (!key) throw new Error("No key.");
    await call("users.listUsers", { as: key.credential, body: { limit: 1 } });
    const { body } = await list("?status=active&limit=100");
    const entry = body.items.find(({ key_id }: { key_id: string }) => key_id === key.keyId);
    expect(entry).toMatchObject({ status: "active", last_used_at: expect.any(String) });
    const revoked = (await list("?status=revoked&status=expired&limit=100")).body.items;
    expect(own(revoked)).toEqual([]);
  });
});

describe("pages", () => {
  // Other files make keys meanwhile, so only those of this file are counted.
  test("a walk through the pages meets every key once, in order", async () => {
    const walked: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await list(`?sort=created_at&limit=7${cursor ? `&cursor=${cursor}` : ""}`);
      walked.push(...own(body.items));
      cursor = body.next_cursor;
    } while (cursor !== null && walked.length < keys.length);
    expect(walked).toEqual(keys.map(({ keyId }) => keyId));
  });

  test("400 for a cursor that was changed, of other filters or of somebody else", async () => {
    const { next_cursor: cursor } = (await list("?limit=1")).body;
    const refused = (query: string, as = auditor.credential) =>
      expectProblem("admin.listApiKeys", 400, "invalid_cursor", { as, query });
    await refused(`?limit=1&cursor=x${cursor}`);
    await refused("?limit=1&cursor=hello");
    await refused(`?limit=1&status=active&cursor=${cursor}`);
    await refused(`?limit=1&sort=created_at&cursor=${cursor}`);
    await refused(`?limit=1&cursor=${cursor}`, admin.credential);
  });
});

describe("400", () => {
  test.each(["status=lost", "status=active&status=active", "sort=name", "limit=0"])(
    "for %s",
    async (query) => {
      const request = { as: auditor.credential, query: `?${query}` };
      await expectProblem("admin.listApiKeys", 400, "validation_failed", request);
    },
  );
});
