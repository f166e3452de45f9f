import { only } from "../../_shared/db/only.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";
import { pathOfExport, type VersionedExport } from "../export.ts";

/** How soon an export of usual size is ready. */
const RETRY_AFTER_SECONDS = "5";

/** Asks for an export. The worker makes it, so that its size holds up nobody. */
export const createExport: Operation<"users.createExport", UsersDeps> = async ({
  tx,
  deps: { wakeWorker },
  afterCommit,
}) => {
  const { asked } = only(
    await tx<{ asked: VersionedExport }[]>`select private.request_export() as asked`,
  );
  afterCommit(wakeWorker);
  const { version: _, ...body } = asked;
  const headers = { location: pathOfExport(body.export_id), "retry-after": RETRY_AFTER_SECONDS };
  return { status: 202, body, headers };
};
