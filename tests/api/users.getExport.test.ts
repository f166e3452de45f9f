import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";
import {
  archiveUrl,
  createExport,
  download,
  getExport,
  readyExport,
} from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let own: string;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  own = (await readyExport(anna)).export_id;
});

const rowOf = (id: string) => owner()`select * from private.data_exports where export_id = ${id}`;

describeCommonAnswers("users.getExport", {
  caller: () => anna.credential,
  request: () => ({ params: { export_id: own } }),
});

describeOwnership("users.getExport", {
  stranger: () => berta,
  request: () => ({ params: { export_id: own } }),
  keeps: () => rowOf(own),
});

describe("200", () => {
  test("ready: a link of this project that ends in a day; fetched: none", async () => {
    const person = await createAccount();
    const { export_id: id } = await createExport(person);
    await expect
      .poll(async () => (await getExport(person, id)).status, { timeout: 15_000 })
      .toBe("ready");
    const ready = await call("users.getExport", {
      as: person.credential,
      params: { export_id: id },
    });
    expect(ready.body.download_url).toBe(archiveUrl(id));
    const lifetime = Date.parse(ready.body.download_expires_at) - Date.parse(ready.body.ready_at);
    expect(lifetime).toBe(24 * 60 * 60 * 1_000);
    await download(person.credential, ready.body.download_url);
    const fetched = await call("users.getExport", {
      as: person.credential,
      params: { export_id: id },
    });
    expect(fetched.body).toMatchObject({ status: "downloaded", download_url: null });
    expect(fetched.headers.get("etag")).not.toBe(ready.headers.get("etag"));
  });

  test("expired, from the moment that it is", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    await owner()`update private.data_exports set expires_at = now() where export_id = ${id}`;
    expect(await getExport(person, id)).toMatchObject({ status: "expired", download_url: null });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    const { export_id: id } = await createExport(person);
    await softDelete(owner(), person);
    await expectProblem("users.getExport", 403, "account_inactive", {
      as: person.credential,
      params: { export_id: id },
    });
  });
});
