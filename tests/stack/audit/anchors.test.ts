import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import { parseEnv } from "node:util";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "../../helpers/api.ts";
import { createAccount, ownerConnection, secretKey } from "../../helpers/api-accounts.ts";
import { createChain } from "../../helpers/api-audit.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { ownStack } from "../privacy/own-stack.ts";

const dataDir = ownStack();
const owner = ownerConnection();
const BUCKET = "audit-anchors";
const FIRST = "000000000001.jws";
const checkout = new URL("../../../", import.meta.url);
let folder: string;
let keys: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nff-anchors-"));
  keys = join(folder, "keys.json");
  const example = await readFile(new URL("supabase/functions/.env.example", checkout), "utf8");
  const { d: _, ...publicKey } = JSON.parse(parseEnv(example).AUDIT_ANCHOR_KEY ?? "");
  await writeFile(keys, JSON.stringify({ keys: [publicKey] }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const admin = () =>
  createClient(stackEnv().supabaseUrl, stackEnv().secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
const bucket = () => admin().storage.from(BUCKET);

async function runWorker(): Promise<number> {
  const { status, body } = await call("worker.run", { as: secretKey(), body: {} });
  expect(status).toBe(200);
  const jobs: readonly { job: string; affected: number }[] = body.jobs;
  return jobs.find(({ job }) => job === "anchor_audit")?.affected ?? 0;
}

const names = async () => ((await bucket().list()).data ?? []).map(({ name }) => name).sort();

/** Runs the command as a person would. */
async function auditVerify(...args: string[]) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("scripts/audit-verify.ts", checkout)), ...args],
    {
      env: {
        PATH: process.env.PATH ?? "",
        SUPABASE_DB_URL: stackEnv().dbUrl,
        SUPABASE_URL: stackEnv().supabaseUrl,
        SUPABASE_SECRET_KEY: stackEnv().secretKey,
      },
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

/** Whatever the last anchor was made, the next one is due. */
const makeDue = () => owner()`update private.settings set audit_anchor_every = '0 seconds'`;

test("the worker anchors the audit by the clock, and stores every anchor", async () => {
  await createChain(owner(), 2);
  await runWorker();
  expect(await names()).toContain(FIRST);
  const before = await names();
  await createChain(owner(), 2);
  expect(await runWorker()).toBe(0);
  expect(await names()).toEqual(before);
  await makeDue();
  expect(await runWorker()).toBe(1);
  expect(await names()).toHaveLength(before.length + 1);
  expect(
    await owner()`select number from private.audit_anchors where stored_at is null`,
  ).toHaveLength(0);
});

describe("[AUDIT-02] what is in the bucket", () => {
  const content = async () => (await bucket().download(FIRST)).data?.text();
  const text = new Blob(["changed"], { type: "application/jose" });
  const stored = () =>
    owner()`select * from storage.objects where bucket_id = ${BUCKET} order by name`;

  test("is not changed, moved or removed by the secret key", async () => {
    const before = { content: await content(), rows: await stored() };
    expect(before.content).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const attempts = [
      bucket().upload(FIRST, text, { contentType: "application/jose" }),
      bucket().upload(FIRST, text, { contentType: "application/jose", upsert: true }),
      bucket().update(FIRST, text, { contentType: "application/jose" }),
      bucket().move(FIRST, "elsewhere.jws"),
      bucket().remove([FIRST]),
      admin().storage.emptyBucket(BUCKET),
      admin().storage.deleteBucket(BUCKET),
      bucket()
        .createSignedUploadUrl(FIRST, { upsert: true })
        .then(async ({ data, error }) =>
          data ? bucket().uploadToSignedUrl(FIRST, data.token, text) : { data, error },
        ),
    ];
    for (const attempt of attempts) expect((await attempt).error).not.toBeNull();
    expect({ content: await content(), rows: await stored() }).toEqual(before);
  });

  test("is not joined by what the worker has not made, and the worker goes on", async () => {
    const [{ next } = { next: "" }] = await owner()<{ next: string }[]>`
      select lpad((max(number) + 1)::text, 12, '0') || '.jws' as next from private.audit_anchors`;
    const other = admin().storage.from("exports");
    expect(
      (await other.upload("planted.jws", new Blob(["{}"], { type: "application/json" }))).error,
    ).toBeNull();
    const before = await stored();
    for (const attempt of [
      bucket().upload(next, text, { contentType: "application/jose" }),
      bucket().upload(next, text, { contentType: "application/jose", upsert: true }),
      bucket().upload("elsewhere.jws", text, { contentType: "application/jose" }),
      other.move("planted.jws", next, { destinationBucket: BUCKET }),
      other.copy("planted.jws", next, { destinationBucket: BUCKET }),
      bucket().copy(FIRST, next),
    ]) {
      expect((await attempt).error).not.toBeNull();
    }
    expect(await stored()).toEqual(before);
    await createChain(owner(), 1);
    await makeDue();
    expect(await runWorker()).toBe(1);
    expect(await names()).toContain(next);
  });

  test("keeps its rules: the bucket is not made public, widened or removed", async () => {
    const row = () => owner()`select * from storage.buckets where id = ${BUCKET}`;
    const before = await row();
    for (const attempt of [
      admin().storage.updateBucket(BUCKET, { public: true }),
      admin().storage.updateBucket(BUCKET, { public: false, allowedMimeTypes: ["text/html"] }),
      admin().storage.updateBucket(BUCKET, { public: false, fileSizeLimit: 1 }),
      admin().storage.deleteBucket(BUCKET),
    ]) {
      expect((await attempt).error).not.toBeNull();
    }
    expect(await row()).toEqual(before);
  });

  test("is not changed by SQL of any API role or the migrating role", async () => {
    const before = await stored();
    for (const role of ["service_role", "authenticated", "anon", "postgres"]) {
      for (const statement of [
        `update storage.objects set name = 'x' where bucket_id = '${BUCKET}'`,
        `delete from storage.objects where bucket_id = '${BUCKET}'`,
      ]) {
        await owner()
          .begin(async (sql) => {
            await sql.unsafe(`set local role ${role}`);
            await sql`select set_config('storage.allow_delete_query', 'true', true),
              set_config('storage.can_delete', 'true', true)`;
            await sql.unsafe(statement);
          })
          .catch(() => null);
      }
    }
    expect(await stored()).toEqual(before);
  });

  test("is not for people to read or write", async () => {
    const { client } = await createAccount();
    for (const attempt of [
      client.storage.from(BUCKET).download(FIRST),
      client.storage.from(BUCKET).upload(`${randomUUID()}.jws`, text),
    ]) {
      expect((await attempt).error).not.toBeNull();
    }
    expect((await client.storage.from(BUCKET).list()).data).toEqual([]);
  });
});

describe("npm run audit:verify", () => {
  test("copies anchors, and finds nothing", async () => {
    const { code, output } = await auditVerify("--anchors", folder, "--keys", keys, "--save");
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/0 faults/) });
    expect(await readdir(folder)).toEqual(expect.arrayContaining(await names()));
    const again = await auditVerify("--anchors", folder, "--keys", keys, "--save");
    expect(again).toMatchObject({ code: 0, output: expect.stringMatching(/^0 anchors copied/) });
  });

  test("without anchors it says what it cannot see", async () => {
    const { code, output } = await auditVerify();
    expect(code).toBe(0);
    expect(output).toContain("a rewritten chain cannot be seen");
  });

  test("a missing anchor, a foreign key, wrong arguments", async () => {
    const copy = await mkdtemp(join(tmpdir(), "nff-anchors-"));
    await cp(folder, copy, { recursive: true });
    await rm(join(copy, FIRST));
    expect(await auditVerify("--anchors", copy, "--keys", keys)).toMatchObject({
      code: 1,
      output: expect.stringContaining("anchor 2: the 1 before it are missing"),
    });
    const made = await auditVerify("--new-key", "other");
    expect(made.code).toBe(0);
    const [, jwks = ""] = made.output.split("\n\n");
    expect(jwks).not.toContain('"d":');
    await writeFile(join(copy, "other.json"), jwks);
    expect(
      await auditVerify("--anchors", folder, "--keys", join(copy, "other.json")),
    ).toMatchObject({
      code: 1,
      output: expect.stringContaining("is not signed with any of the keys"),
    });
    for (const args of [["--anchors", folder], ["--save"], ["--surprise"]]) {
      expect(await auditVerify(...args)).toMatchObject({
        code: 2,
        output: expect.stringContaining("Usage:"),
      });
    }
    await rm(copy, { recursive: true });
  });

  test("[AUDIT-01] a chain cut and written anew with every right", async () => {
    const { stream, hashes } = await createChain(owner(), 4);
    await makeDue();
    expect(await runWorker()).toBe(1);
    expect(await auditVerify("--anchors", folder, "--keys", keys, "--save")).toMatchObject({
      code: 0,
    });
    const url = new URL(stackEnv().dbUrl);
    url.username = "supabase_admin";
    url.password = (await readFile(join(dataDir(), "postgres/superuser-password"), "utf8")).trim();
    const superuser = postgres(url.href, { max: 1, onnotice: () => {} });
    await superuser.begin(async (sql) => {
      await sql`set local session_replication_role = replica`;
      await sql`delete from private.audit_log where stream = ${stream} and sequence = 4`;
      await sql`update private.audit_heads set sequence = 3, hash = decode(${hashes[2] ?? ""}, 'hex')
        where stream = ${stream}`;
    });
    await superuser.end();
    expect(await owner()`select * from private.audit_verify()`).toHaveLength(0);
    const { code, output } = await auditVerify("--anchors", folder, "--keys", keys);
    expect(code).toBe(1);
    expect(output).toContain(`${stream} 4: is not what an anchor says`);
  });
});

test("an anchor whose number is taken by another one is not passed over in silence", async () => {
  // As in a database that was restored from a backup.
  const [{ next } = { next: 0 }] = await owner()<{ next: number }[]>`
    delete from private.audit_anchors where number = (select max(number) from private.audit_anchors)
    returning number::integer as next`;
  await createChain(owner(), 1);
  await makeDue();
  expect(await runWorker()).toBe(0);
  expect(
    await owner()`select number::integer from private.audit_anchors where stored_at is null`,
  ).toEqual([{ number: next }]);
});
