import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createAccounts } from "../../../supabase/functions/_shared/accounts/accounts.ts";
import { createPool } from "../../../supabase/functions/_shared/db/pool.ts";
import { createTransactions } from "../../../supabase/functions/_shared/db/transaction.ts";
import { createLogger } from "../../../supabase/functions/_shared/log/logger.ts";
import { createKycProvider } from "../../../supabase/functions/_shared/providers/create-kyc-provider.ts";
import {
  type Buckets,
  createBuckets,
  EXPORTS_BUCKET,
} from "../../../supabase/functions/_shared/storage/buckets.ts";
import { createStorage } from "../../../supabase/functions/_shared/storage/storage.ts";
import { buildExports } from "../../../supabase/functions/worker/tasks/build-exports.ts";
import type { Message } from "../../../supabase/functions/worker/tasks/message.ts";
import { sendMessage } from "../../../supabase/functions/worker/tasks/send-message.ts";
import { shareCalls } from "../../../supabase/functions/worker/tasks/shared-calls.ts";
import { type Account, createAccount, ownerConnection } from "../../helpers/api-accounts.ts";
import { fakeDeps } from "../../helpers/api-in-process.ts";
import { readyToSubmit } from "../../helpers/api-kyc.ts";
import { archiveUrl, download, getExport, jsonIn } from "../../helpers/api-privacy.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { ownStack } from "./own-stack.ts";

ownStack();
const owner = ownerConnection();

/** What the worker has of Storage. */
const realBuckets = (): Buckets => {
  const { supabaseUrl: apiUrl, secretKey } = stackEnv();
  return createBuckets({ apiUrl, secretKey });
};

/** An export of somebody with a document, which nobody has woken the worker for. */
async function newExport(): Promise<{ person: Account; id: string }> {
  const person = await createAccount();
  await readyToSubmit(person);
  const [row] = await owner()<{ id: string }[]>`
    insert into private.data_exports (user_id, next_attempt_at)
    values (${person.id}, now()) returning export_id as id`;
  return { person, id: row?.id ?? "" };
}

/** What a worker inside of this process has; nothing but the database and the given buckets is real. */
function workerWith(buckets: Buckets, erase: (id: string) => Promise<boolean> = async () => false) {
  const pool = createPool({ url: stackEnv().dbUrl, max: 2, applicationName: "test" });
  const nowhere = { apiUrl: "", publicApiUrl: "", publishableKey: "", secretKey: "" };
  const log = createLogger({ level: "error", write: () => {} });
  const deps = {
    ...fakeDeps(),
    accounts: { ...createAccounts({ ...nowhere, log }), erase },
    anchors: { sign: async () => "", store: async () => {} },
    buckets,
    deliver: () => Promise.reject(new Error("Nothing is delivered here.")),
    provider: createKycProvider({
      name: "mock",
      url: "",
      apiKey: "",
      webhookSecrets: [],
      callbackUrl: "",
    }),
    storage: createStorage(nowhere),
  };
  const transaction = createTransactions(pool)("req_test");
  const shared = shareCalls({ deps, transaction });
  return { worker: { deps, transaction, log, shared }, [Symbol.asyncDispose]: () => pool.end() };
}

/** One run of the worker, with this export due. */
async function runOnce(id: string, buckets: Buckets, budgetMs = 20_000) {
  await using started = workerWith(buckets);
  await owner()`update private.data_exports set next_attempt_at = now()
    where export_id = ${id} and status = 'pending'`;
  return await buildExports({ ...started.worker, until: Date.now() + budgetMs });
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

/** A file for each section, one document and the table of contents. */
async function countSteps(): Promise<number> {
  const [row] = await owner()<{ sections: number }[]>`
    select count(*)::int as sections from private.personal_data where section is not null`;
  return (row?.sections ?? 0) + 2;
}

test("a worker that loses Storage, at whatever step, is followed by one that goes on", async () => {
  const steps = await countSteps();
  for (const done of [0, 1, Math.floor(steps / 2), steps - 2, steps - 1]) {
    const { person, id } = await newExport();
    await runOnce(id, failingAfter(done));
    const [row] = await owner()`
      select status, (select count(*)::int from jsonb_object_keys(steps)) as done
      from private.data_exports where export_id = ${id}`;
    expect(row).toEqual({ status: "pending", done });
    await runOnce(id, realBuckets());
    const archive = await download(person.credential, archiveUrl(id));
    const contents = jsonIn(archive, "contents.json");
    expect(contents.files).toHaveLength(1);
    expect(Object.keys(archive).sort()).toEqual(
      [...contents.data, ...contents.files, "contents.json"].sort(),
    );
  }
});

test("a run without time left gives the export back, and the next one finishes it", async () => {
  const { person, id } = await newExport();
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
  const { person, id } = await newExport();
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
    const { person, id } = await newExport();
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

/** A message, as one that this worker has claimed. */
async function newMessage(
  topic: Message["topic"],
  payload: Message["payload"] = {},
): Promise<Message> {
  const key = randomUUID();
  const [row] = await owner()<{ id: string }[]>`
    insert into private.outbox (topic, subject_id, idempotency_key, payload, next_attempt_at)
    values (${topic}, ${randomUUID()}, ${key}, ${owner().json({ ...payload })}, now() + interval '1 hour')
    returning message_id as id`;
  return {
    message_id: row?.id ?? "",
    topic,
    subject_id: randomUUID(),
    provider: null,
    idempotency_key: key,
    payload,
    attempts: 1,
    last_status_code: null,
    lease_id: randomUUID(),
  };
}

const statusOf = async ({ message_id }: Message) => {
  const [row] = await owner()`select status from private.outbox where message_id = ${message_id}`;
  return row?.status;
};

describe("messages of an erasure", () => {
  test("an account counts as erased when Auth says so, and not before", async () => {
    const message = await newMessage("auth.erase");
    let isUp = false;
    await using started = workerWith(realBuckets(), async () => isUp);
    await expect(sendMessage(started.worker, message)).rejects.toThrow("Auth did not erase");
    expect(await statusOf(message)).toBe("pending");
    isUp = true;
    await sendMessage(started.worker, message);
    expect(await statusOf(message)).toBe("sent");
  });

  test("a removal that names no folder never means the whole bucket", async () => {
    const cleared: string[] = [];
    const buckets = {
      ...realBuckets(),
      clear: async (bucket: string, folder: string) => void cleared.push(`${bucket}/${folder}`),
    };
    await using started = workerWith(buckets);
    for (const payload of [{}, { bucket: "exports" }, { bucket: "exports", prefix: "" }]) {
      const message = await newMessage("storage.clear", payload);
      await expect(sendMessage(started.worker, message)).rejects.toThrow("names no folder");
      expect(await statusOf(message)).toBe("pending");
    }
    const message = await newMessage("storage.clear", { bucket: "exports", prefix: "a/" });
    await sendMessage(started.worker, message);
    expect(await statusOf(message)).toBe("sent");
    expect(cleared).toEqual(["exports/a/"]);
  });
});
