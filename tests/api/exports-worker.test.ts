import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createPool } from "../../supabase/functions/_shared/db/pool.ts";
import { createTransactions } from "../../supabase/functions/_shared/db/transaction.ts";
import { createLogger } from "../../supabase/functions/_shared/log/logger.ts";
import { createKycProvider } from "../../supabase/functions/_shared/providers/create-kyc-provider.ts";
import {
  type Buckets,
  createBuckets,
  EXPORTS_BUCKET,
} from "../../supabase/functions/_shared/storage/buckets.ts";
import { createStorage } from "../../supabase/functions/_shared/storage/storage.ts";
import { buildExports } from "../../supabase/functions/worker/tasks/build-exports.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { fakeDeps } from "../helpers/api-in-process.ts";
import { readyToSubmit } from "../helpers/api-kyc.ts";
import { archiveUrl, download, getExport, jsonIn } from "../helpers/api-privacy.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();

/** What the worker has of Storage. */
const realBuckets = (): Buckets => {
  const { supabaseUrl: apiUrl, secretKey } = stackEnv();
  return createBuckets({ apiUrl, secretKey });
};

/** An export of somebody with a document that no worker of the stack takes: it is held by this test. */
async function heldExport(): Promise<{ person: Account; id: string }> {
  const person = await createAccount();
  await readyToSubmit(person);
  const [row] = await owner()<{ id: string }[]>`
    insert into private.data_exports (user_id, next_attempt_at)
    values (${person.id}, now() + interval '1 hour') returning export_id as id`;
  return { person, id: row?.id ?? "" };
}

/** One run of the worker inside of this process that finds this export due and nothing else. */
async function runOnce(id: string, buckets: Buckets, budgetMs = 20_000) {
  const sql = owner();
  const { dbUrl } = stackEnv();
  const pool = createPool({ url: dbUrl, max: 2, applicationName: "test" });
  try {
    await sql`update private.data_exports set next_attempt_at = now() - interval '1 day'
      where export_id = ${id} and status = 'pending'`;
    const deps = {
      ...fakeDeps(),
      buckets,
      accounts: {
        create: async () => false,
        changeEmail: async () => false,
        setBlocked: async () => false,
        invite: async () => false,
        erase: async () => false,
      },
      provider: createKycProvider({
        name: "mock",
        url: "",
        apiKey: "",
        webhookSecrets: [],
        callbackUrl: "",
      }),
      storage: createStorage({ apiUrl: "", publicApiUrl: "", publishableKey: "", secretKey: "" }),
    };
    return await buildExports({
      deps,
      transaction: createTransactions(pool)("req_test"),
      log: createLogger({ level: "error", write: () => {} }),
      until: Date.now() + budgetMs,
    });
  } finally {
    await pool.end();
  }
}

/** A Storage that works so many times and then no more. */
function failingAfter(calls: number): Buckets {
  const { writeExport, copyDocument, ...rest } = realBuckets();
  let left = calls;
  const count = () => {
    left -= 1;
    if (left < 0) throw new Error("Storage has gone.");
  };
  return {
    ...rest,
    writeExport: async (...args) => {
      count();
      await writeExport(...args);
    },
    copyDocument: async (...args) => {
      count();
      return copyDocument(...args);
    },
  };
}

describe("a worker that loses Storage", () => {
  test.each([0, 1, 7, 15, 30])("after %i files is followed by one that goes on", async (calls) => {
    const { person, id } = await heldExport();
    await runOnce(id, failingAfter(calls));
    const [row] = await owner()<{ status: string; done: number }[]>`
      select status, (select count(*)::int from jsonb_object_keys(steps)) as done
      from private.data_exports where export_id = ${id}`;
    expect(row?.status === "pending" ? row.done : calls).toBe(calls);
    await runOnce(id, realBuckets());
    const archive = await download(person.credential, archiveUrl(id));
    const contents = jsonIn(archive, "contents.json");
    expect(contents.files).toHaveLength(1);
    expect(Object.keys(archive).sort()).toEqual(
      [...contents.data, ...contents.files, "contents.json"].sort(),
    );
  });
});

test("a run without time left gives the export back, and the next one finishes it", async () => {
  const { person, id } = await heldExport();
  const buckets = realBuckets();
  const budgetMs = 50;
  const startedAt = Date.now();
  const report = await runOnce(
    id,
    {
      ...buckets,
      // The first file takes all the time there is.
      writeExport: async (...args) => {
        await buckets.writeExport(...args);
        await expect.poll(() => Date.now() - startedAt).toBeGreaterThan(budgetMs * 2);
      },
    },
    budgetMs,
  );
  expect(report).toMatchObject({ more: true });
  expect(await getExport(person, id)).toMatchObject({ status: "pending" });
  await runOnce(id, buckets);
  expect(await getExport(person, id)).toMatchObject({ status: "ready" });
});

test("an export that is taken back under the worker's hands ends at the next step", async () => {
  const { person, id } = await heldExport();
  const buckets = realBuckets();
  let written = 0;
  await runOnce(id, {
    ...buckets,
    writeExport: async (...args) => {
      written += 1;
      await buckets.writeExport(...args);
      if (written === 3) await owner()`select private.remove_exports(${person.id})`;
    },
  });
  expect(written).toBe(3);
  expect(await getExport(person, id)).toMatchObject({ status: "failed" });
});

describe("buckets", () => {
  test("a copy is made once and found again; a file that has gone is none", async () => {
    const { person, id } = await heldExport();
    const buckets = realBuckets();
    const [document] = await owner()<{ path: string }[]>`
      select storage_path as path from public.kyc_documents where user_id = ${person.id}`;
    const target = `${id}/file`;
    expect(await buckets.copyDocument(document?.path ?? "", target)).toBe(true);
    expect(await buckets.copyDocument(document?.path ?? "", target)).toBe(true);
    expect(await buckets.copyDocument(`${person.id}/gone`, `${id}/other`)).toBe(false);
    expect(await buckets.openExport(`${id}/other`)).toBeNull();
    const stream = await buckets.openExport(target);
    expect(stream).not.toBeNull();
    await stream?.cancel();
  });

  test("a folder is cleared whatever it holds, and its neighbours stay", async () => {
    const buckets = realBuckets();
    const [folder, neighbour] = [randomUUID(), randomUUID()];
    const bytes = new TextEncoder().encode("[]");
    const write = (path: string) => buckets.writeExport(path, bytes, "application/json");
    for (let number = 0; number < 120; number += 1) await write(`${folder}/${number}.json`);
    await write(`${neighbour}/0.json`);
    await buckets.clear(EXPORTS_BUCKET, `${folder}/`);
    const left = await owner()<{ name: string }[]>`
      select name from storage.objects where bucket_id = ${EXPORTS_BUCKET}
        and (name like ${`${folder}/%`} or name like ${`${neighbour}/%`})`;
    expect([...left]).toEqual([{ name: `${neighbour}/0.json` }]);
    await buckets.clear(EXPORTS_BUCKET, `${neighbour}/`);
  });
});
