import { only } from "../../_shared/db/only.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";
import type { VersionedExport } from "../export.ts";

/** How far an export is. The link needs the own token too, so it is of no use to anybody else. */
export const getExport: Operation<"users.getExport", UsersDeps> = async ({
  tx,
  params: { export_id: id },
  deps: { publicUrl },
}) => {
  const { found } = only(
    await tx<{ found: VersionedExport }[]>`select private.get_export(${id}) as found`,
  );
  const { version, ...state } = found;
  const download_url =
    state.status === "ready" ? `${publicUrl}/me/exports/${state.export_id}/archive` : null;
  return { status: 200, body: { ...state, download_url }, headers: { etag: etag(version) } };
};
