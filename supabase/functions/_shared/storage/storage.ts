import { decodeJwt } from "jose";
import { z } from "zod";
import { readUpTo } from "../http/read-stream.ts";
import { callStorage, readStorageStatus, requireOk } from "./call-storage.ts";

/** The private bucket of documents; named in a migration and in `config.toml`. */
export const DOCUMENTS_BUCKET = "kyc-documents";

/** A place where one file may be uploaded once. */
type SignedUpload = {
  readonly url: string;
  readonly token: string;
  readonly expiresAt: Date;
};

/** What the functions need of Supabase Storage. */
export type Storage = {
  /**
   * Makes a signed upload URL in the name of a user, so that the bucket's policy decides whether
   * there may be an upload at all, and the file belongs to the user. `null`: there may not, or
   * there has been one.
   */
  signUpload(path: string, userToken: string): Promise<SignedUpload | null>;
  /** Reads a user's own file, under the bucket's policy. `null`: nothing has been uploaded. */
  download(
    path: string,
    userToken: string,
    maxBytes: number,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Makes links for the provider, in the order of the paths. Bypasses policies. */
  signDownloads(paths: readonly string[], expiresInSeconds: number): Promise<string[]>;
  /** Makes a link to one file that shows it in a browser. `null`: it is not there. Bypasses policies. */
  signDownload(path: string, expiresInSeconds: number): Promise<string | null>;
  /** Removes files for good. Bypasses policies. */
  remove(paths: readonly string[]): Promise<void>;
};

export type StorageOptions = {
  /** Where this process reaches the API, without a slash at the end. */
  readonly apiUrl: string;
  /** Where clients reach it. */
  readonly publicApiUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
};

/** What Storage gives a signed upload, should the token not say. */
const UPLOAD_LIFETIME_MS = 2 * 60 * 60 * 1_000;

/** Storage says most of it inside a 400. */
const REFUSED = new Set([400, 403, 409]);

const signedUpload = z.object({ url: z.string() });
const signedDownload = z.object({ signedURL: z.string() });
const signedDownloads = z.array(z.object({ signedURL: z.string() }));

/** A client for the few calls that we make; supabase-js would bring ten times the code. */
export function createStorage(options: StorageOptions): Storage {
  const { apiUrl, publicApiUrl, publishableKey, secretKey } = options;
  const base = "/storage/v1";
  const asUser = (token: string) => ({
    apikey: publishableKey,
    authorization: `Bearer ${token}`,
  });

  return {
    async signUpload(path, userToken) {
      const response = await callStorage(
        `${apiUrl}${base}/object/upload/sign/${DOCUMENTS_BUCKET}/${path}`,
        {
          method: "POST",
          headers: asUser(userToken),
        },
      );
      if (REFUSED.has(response.status)) return discard(response);
      const { url } = signedUpload.parse(await requireOk(response).json());
      const token = new URL(url, apiUrl).searchParams.get("token") ?? "";
      return { url: `${publicApiUrl}${base}${url}`, token, expiresAt: expiryOf(token) };
    },

    async download(path, userToken, maxBytes) {
      const response = await callStorage(
        `${apiUrl}${base}/object/authenticated/${DOCUMENTS_BUCKET}/${path}`,
        { headers: asUser(userToken) },
      );
      if (response.status === 400 || response.status === 404) return missingObject(response);
      // One byte more than allowed is enough to see that a file is too large.
      return readUpTo(requireOk(response).body, maxBytes + 1);
    },

    async signDownloads(paths, expiresInSeconds) {
      const response = await callStorage(`${apiUrl}${base}/object/sign/${DOCUMENTS_BUCKET}`, {
        method: "POST",
        headers: { apikey: secretKey, "content-type": "application/json" },
        body: JSON.stringify({ expiresIn: expiresInSeconds, paths }),
      });
      const signed = signedDownloads.parse(await requireOk(response).json());
      return signed.map(({ signedURL }) => `${publicApiUrl}${base}${signedURL}`);
    },

    async signDownload(path, expiresInSeconds) {
      const response = await callStorage(
        `${apiUrl}${base}/object/sign/${DOCUMENTS_BUCKET}/${path}`,
        {
          method: "POST",
          headers: { apikey: secretKey, "content-type": "application/json" },
          body: JSON.stringify({ expiresIn: expiresInSeconds }),
        },
      );
      if (response.status === 400 || response.status === 404) return missingObject(response);
      const { signedURL } = signedDownload.parse(await requireOk(response).json());
      return `${publicApiUrl}${base}${signedURL}`;
    },

    async remove(paths) {
      const response = await callStorage(`${apiUrl}${base}/object/${DOCUMENTS_BUCKET}`, {
        method: "DELETE",
        headers: { apikey: secretKey, "content-type": "application/json" },
        body: JSON.stringify({ prefixes: paths }),
      });
      await requireOk(response).body?.cancel();
    },
  };
}

async function discard(response: Response): Promise<null> {
  await response.body?.cancel();
  return null;
}

/** Not found, also for what a policy hides. */
async function missingObject(response: Response): Promise<null> {
  const status = await readStorageStatus(response);
  if (status !== 404) throw new Error(`Storage answered ${status}.`);
  return null;
}

function expiryOf(token: string): Date {
  const { exp } = decodeJwt(token);
  return new Date(exp === undefined ? Date.now() + UPLOAD_LIFETIME_MS : exp * 1_000);
}
