import { databaseCaller } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import { ApiError } from "../../_shared/errors.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { zipStream } from "../../_shared/http/zip-stream.ts";
import type { UsersDeps } from "../deps.ts";

type StoredFile = { path: string; name: string };

/**
 * Uses the link of an export up and sends the archive, which is made while it is sent. The link
 * counts as used when the first file could be opened: trouble of Storage's own costs nobody an
 * export, and a transfer that breaks off is not repeated.
 */
export const downloadExport: UnboundOperation<"users.downloadExport", UsersDeps> = unbound(
  async ({ principal, method, params: { export_id: id }, deps: { buckets }, transaction }) => {
    // Looking must not use the link up.
    if (method === "HEAD") {
      throw new ApiError("method_not_allowed", { headers: { allow: "GET, OPTIONS" } });
    }
    const { first, rest } = await transaction(databaseCaller(principal), async (tx) => {
      const { files } = only(
        await tx<{ files: StoredFile[] }[]>`select private.take_export(${id}) as files`,
      );
      const [head, ...rest] = files;
      const stream = head && (await buckets.openExport(head.path));
      if (!head || !stream) throw new Error("The files of an export that is ready are gone.");
      return { first: { name: head.name, open: async () => stream }, rest };
    });
    const files = rest.map(({ name, path }) => ({ name, open: () => buckets.openExport(path) }));
    return {
      status: 200,
      body: zipStream([first, ...files], new Date()),
      headers: { "content-disposition": `attachment; filename="export-${id}.zip"` },
    };
  },
);
