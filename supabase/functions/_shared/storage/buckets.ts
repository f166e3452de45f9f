import { z } from "zod";
import { callStorage, openStorage, readStorageStatus, requireOk } from "./call-storage.ts";
import { DOCUMENTS_BUCKET } from "./storage.ts";

/** The private bucket of data exports; named in a migration. */
export const EXPORTS_BUCKET = "exports";

/** The private bucket of the anchors of the audit, where nothing can be changed; named in a migration. */
const ANCHORS_BUCKET = "audit-anchors";

/** The private buckets, with every right. Each call can be repeated without harm. */
export type Buckets = {
  /** Writes a file of an export, over one that a broken-off try has left. */
  writeExport(path: string, content: Uint8Array<ArrayBuffer>, contentType: string): Promise<void>;
  /** Copies a document into an export, inside of Storage. Returns whether it is there. */
  copyDocument(path: string, exportPath: string): Promise<boolean>;
  /** Opens a file of an export. `null`: it is not there. */
  openExport(path: string): Promise<ReadableStream<Uint8Array> | null>;
  /** Writes an anchor of the audit. Returns whether this text is there now, by this call or an earlier one. */
  writeAnchor(path: string, content: string): Promise<boolean>;
  /** Removes every file below a folder. */
  clear(bucket: string, folder: string): Promise<void>;
};

export type BucketsOptions = {
  /** Where this process reaches the API, without a slash at the end. */
  readonly apiUrl: string;
  readonly secretKey: string;
};

/** Files that are listed and removed at a time. */
const BATCH = 100;
/** More rounds than any folder of ours has batches: a Storage that removes nothing must not hold us. */
const MAX_ROUNDS = 1_000;

const listing = z.array(z.object({ name: z.string(), id: z.string().nullable() }));

/** A client that bypasses policies, for the worker and for handing out exports. */
export function createBuckets({ apiUrl, secretKey }: BucketsOptions): Buckets {
  const base = `${apiUrl}/storage/v1/object`;
  const headers = { apikey: secretKey };
  const asJson = { ...headers, "content-type": "application/json" };
  const callList = async (bucket: string, folder: string) => {
    const body = JSON.stringify({ prefix: folder, limit: BATCH, offset: 0 });
    const response = await callStorage(`${base}/list/${bucket}`, {
      method: "POST",
      headers: asJson,
      body,
    });
    return listing.parse(await requireOk(response).json());
  };

  return {
    async writeExport(path, content, contentType) {
      const response = await callStorage(`${base}/${EXPORTS_BUCKET}/${path}`, {
        method: "POST",
        headers: { ...headers, "content-type": contentType, "x-upsert": "true" },
        body: content,
      });
      await requireOk(response).body?.cancel();
    },

    async copyDocument(path, exportPath) {
      const response = await callStorage(`${base}/copy`, {
        method: "POST",
        headers: asJson,
        body: JSON.stringify({
          bucketId: DOCUMENTS_BUCKET,
          sourceKey: path,
          destinationBucket: EXPORTS_BUCKET,
          destinationKey: exportPath,
        }),
      });
      if (response.status >= 400 && response.status < 500) {
        const status = await readStorageStatus(response);
        // There already: a try before this one got as far as this.
        if (status === 409) return true;
        if (status === 404) return false;
        throw new Error(`Storage answered ${status}.`);
      }
      await requireOk(response).body?.cancel();
      return true;
    },

    async openExport(path) {
      const response = await openStorage(`${base}/authenticated/${EXPORTS_BUCKET}/${path}`, {
        headers,
      });
      if (response.status === 400 || response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      return requireOk(response).body;
    },

    async writeAnchor(path, content) {
      const response = await callStorage(`${base}/${ANCHORS_BUCKET}/${path}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/jose" },
        body: content,
      });
      if (response.status < 400 || response.status >= 500) {
        await requireOk(response).body?.cancel();
        return true;
      }
      const status = await readStorageStatus(response);
      if (status !== 409) throw new Error(`Storage answered ${status}.`);
      const stored = await callStorage(`${base}/authenticated/${ANCHORS_BUCKET}/${path}`, {
        headers,
      });
      return (await requireOk(stored).text()) === content;
    },

    async clear(bucket, folder) {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const entries = await callList(bucket, folder);
        // A folder has no id; ours have none inside.
        const names = entries.filter(({ id }) => id !== null).map(({ name }) => name);
        if (names.length === 0) return;
        const response = await callStorage(`${base}/${bucket}`, {
          method: "DELETE",
          headers: asJson,
          body: JSON.stringify({ prefixes: names.map((name) => `${folder}${name}`) }),
        });
        await requireOk(response).body?.cancel();
      }
      throw new Error("Storage keeps files that it was told to remove.");
    },
  };
}
