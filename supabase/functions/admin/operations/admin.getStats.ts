import { only } from "../../_shared/db/only.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { AdminStats } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

/** Figures of the work in a period. */
export const getStats: Operation<"admin.getStats", AdminDeps> = async ({
  tx,
  query: { from = null, to = null },
}) => {
  refusePeriod(from, to);
  const { body } = only(
    await tx<{ body: AdminStats }[]>`select private.stats(${from}, ${to}) as body`,
  );
  return { status: 200, body };
};

/** The database refuses it too, but does not know which parameter to name. */
function refusePeriod(from: string | null, to: string | null): void {
  const end = to === null ? Date.now() : Date.parse(to);
  const start = from === null ? end - DEFAULT_DAYS * DAY_MS : Date.parse(from);
  if (start < end && end - start <= MAX_DAYS * DAY_MS) return;
  throw new ApiError("validation_failed", {
    errors: [
      {
        pointer: from === null ? "query/to" : "query/from",
        code: "period",
        detail: `The period has to end after its start and may have ${MAX_DAYS} days.`,
      },
    ],
  });
}
