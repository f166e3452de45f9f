import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  softDelete,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { picture } from "../helpers/api-files.ts";
import {
  addDocument,
  completeProfile,
  startVerification,
  submit,
  waitForStatus,
} from "../helpers/api-kyc.ts";
import { describeOwnership } from "../helpers/api-ownership.ts";
import {
  archiveUrl,
  createExport,
  download,
  getExport,
  jsonIn,
  readyExport,
  runWorker,
} from "../helpers/api-privacy.ts";

const owner = ownerConnection();
let anna: Account;
let berta: Account;
let own: string;

beforeAll(async () => {
  [anna, berta] = await Promise.all([createAccount(), createAccount()]);
  own = (await readyExport(anna)).export_id;
});

const rowOf = (id: string) =>
  owner()`select status, downloaded_at from private.data_exports where export_id = ${id}`;
const refused = (person: Account, id: string, status: number, code: string) =>
  expectProblem("users.downloadExport", status, code, {
    as: person.credential,
    params: { export_id: id },
  });

describeCommonAnswers("users.downloadExport", {
  caller: () => anna.credential,
  request: () => ({ params: { export_id: own } }),
  keeps: () => rowOf(own),
});

describeOwnership("users.downloadExport", {
  stranger: () => berta,
  request: () => ({ params: { export_id: own } }),
  keeps: () => rowOf(own),
});

describe("200", () => {
  test("an archive as the contract says", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    const { status, headers } = await call("users.downloadExport", {
      as: person.credential,
      params: { export_id: id },
    });
    expect(status).toBe(200);
    expect(headers.get("content-disposition")).toBe(`attachment; filename="export-${id}.zip"`);
  });

  test("everything that is held about somebody: data, files byte for byte, and what is left out", async () => {
    const person = await createAccount();
    await completeProfile(person);
    const verification = await startVerification(person);
    const passport = await picture();
    const { document_id: documentId } = await addDocument(
      person,
      verification.verification_id,
      passport,
    );
    await submit(person, verification);
    await waitForStatus(person, verification, "approved");
    const { download_url: url } = await readyExport(person);
    const archive = await download(person.credential, url ?? "");

    const contents = jsonIn(archive, "contents.json");
    expect(Object.keys(archive).sort()).toEqual(
      [...contents.data, ...contents.files, "contents.json"].sort(),
    );
    expect(contents.left_out.length).toBeGreaterThan(3);
    const file = archive[`files/passport-front-${documentId}.jpg`];
    expect(Buffer.compare(file ?? Buffer.of(), passport.bytes)).toBe(0);
    expect(jsonIn(archive, "data/profile.json")).toMatchObject([
      { user_id: person.id, first_name: "Anna", date_of_birth: "1990-04-23" },
    ]);
    expect(jsonIn(archive, "data/address.json")).toMatchObject([{ city: "Berlin" }]);
    expect(jsonIn(archive, "data/account.json")).toMatchObject([{ email: person.email }]);
    expect(jsonIn(archive, "data/consents.json")).toHaveLength(3);
    expect(jsonIn(archive, "data/verifications.json")).toMatchObject([{ status: "approved" }]);
    expect(jsonIn(archive, "data/submissions.json")).toMatchObject([
      { applicant: { last_name: "Schmidt" } },
    ]);
    expect(jsonIn(archive, "data/sessions.json").length).toBeGreaterThan(0);
    expect(jsonIn(archive, "data/activity.json").length).toBeGreaterThan(5);
    const text = Object.keys(archive)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.stringify(jsonIn(archive, name)))
      .join("");
    expect(text).not.toMatch(/encrypted_password|\$2[aby]\$|private\.|risk_score/);
  });

  test("a row that is larger than a part of a file loses nothing", async () => {
    const person = await createAccount();
    await owner()`
      insert into auth.audit_log_entries (id, payload, created_at)
      select gen_random_uuid(), json_build_object('actor_id', ${person.id}::text, 'filler', repeat('x', 1500000)), now()
      from generate_series(1, 7)
    `;
    const { download_url: url } = await readyExport(person);
    const archive = await download(person.credential, url ?? "");
    const parts = Object.keys(archive).filter((name) => name.startsWith("data/sign_in_log"));
    expect(parts.length).toBeGreaterThan(1);
    const rows = parts.flatMap((name) => jsonIn(archive, name));
    expect(rows.filter(({ payload }) => payload.filler?.length === 1_500_000)).toHaveLength(7);
  });
});

describe("405", () => {
  test("HEAD is refused and leaves the link as it is", async () => {
    const { export_id: id } = await readyExport(berta);
    const response = await fetch(archiveUrl(id), { method: "HEAD", headers: berta.credential });
    expect(response.status).toBe(405);
    expect(await getExport(berta, id)).toMatchObject({ status: "ready" });
  });
});

describe("403", () => {
  test("a deleted account", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    await softDelete(owner(), person);
    await refused(person, id, 403, "account_inactive");
    expect(await rowOf(id)).toMatchObject([{ status: "ready" }]);
  });
});

describe("409", () => {
  test("an export that is being made", async () => {
    const person = await createAccount();
    const [held] = await owner()`
      insert into private.data_exports (user_id, next_attempt_at)
      values (${person.id}, now() + interval '1 hour') returning export_id
    `;
    await refused(person, held?.export_id, 409, "export_pending");
  });
});

describe("410", () => {
  test("[PRIV-01] a link that has been used", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    await download(person.credential, archiveUrl(id));
    await refused(person, id, 410, "link_expired");
  });

  test("[PRIV-01] of ten requests at once one gets the archive", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await fetch(archiveUrl(id), { headers: person.credential });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(statuses.sort()).toEqual([200, ...Array.from({ length: 9 }, () => 410)]);
  });

  test("a link that is a day old, whose files are gone soon after", async () => {
    const person = await createAccount();
    const { export_id: id } = await readyExport(person);
    await owner()`update private.data_exports set expires_at = now() where export_id = ${id}`;
    await refused(person, id, 410, "link_expired");
    const files = () =>
      owner()`select name from storage.objects where bucket_id = 'exports' and name like ${`${id}/%`}`;
    expect((await files()).length).toBeGreaterThan(5);
    await runWorker(owner(), "expire_exports");
    await expect.poll(files, { timeout: 10_000 }).toEqual([]);
  });
});

describe("an export in the hands of the worker", () => {
  test("[PRIV-02] nobody but Storage itself reaches its files", async () => {
    const { export_id: id } = await readyExport(berta);
    for (const { client } of [berta, anna]) {
      const { data, error } = await client.storage.from("exports").download(`${id}/contents.json`);
      expect(data).toBeNull();
      expect(error).not.toBeNull();
      const signed = await client.storage
        .from("exports")
        .createSignedUrl(`${id}/contents.json`, 60);
      expect(signed.error).not.toBeNull();
      const listed = await client.storage.from("exports").list(id);
      expect(listed.data ?? []).toEqual([]);
    }
    expect(await getExport(berta, id)).toMatchObject({ status: "ready" });
  });

  test("a worker that dies between two steps is followed by one that goes on", async () => {
    const person = await createAccount();
    const { export_id: id } = await createExport(person);
    await expect
      .poll(async () => (await getExport(person, id)).status, { timeout: 15_000 })
      .toBe("ready");
    // As it was when the last step but one had been noted, its lease run out.
    await owner()`
      update private.data_exports
      set status = 'pending', steps = steps - 'contents' - 'data:profile', ready_at = null, expires_at = null,
        next_attempt_at = now(), lease_id = gen_random_uuid()
      where export_id = ${id}
    `;
    // Another test's run may have taken it over first.
    await expect
      .poll(
        async () => {
          await runWorker(owner());
          return (await getExport(person, id)).status;
        },
        { timeout: 15_000 },
      )
      .toBe("ready");
    const archive = await download(person.credential, archiveUrl(id));
    const contents = jsonIn(archive, "contents.json");
    expect(contents.data).toContain("data/profile.json");
    expect(Object.keys(archive)).toHaveLength(contents.data.length + contents.files.length + 1);
  });
});
