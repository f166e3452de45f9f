import { databaseCaller } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import { type CsvCell, csvLine } from "../../_shared/domain/csv.ts";
import { ApiError } from "../../_shared/errors.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

const MAX_ROWS = 100_000;
/** Rows in memory at a time; besides there are only the ids of all. */
const ROWS_AT_ONCE = 1_000;

const COLUMNS = [
  "verification_id",
  "user_id",
  "status",
  "attempt",
  "internal_reason_code",
  "risk_level",
  "country",
  "assignee_id",
  "created_at",
  "submitted_at",
  "status_changed_at",
  "expires_at",
  "export_id",
];

type Export = { readonly export_id: string; readonly verification_ids: readonly string[] };

/**
 * Verifications as CSV. The export is in the audit before its first byte leaves; the rows are read
 * while they are sent, each part in a transaction of its own, so a slow client holds nothing up.
 */
export const exportKycCsv: UnboundOperation<"admin.exportKycCsv", AdminDeps> = unbound(
  async ({ principal, method, query, transaction }) => {
    // Looking must not be written down as an export.
    if (method === "HEAD") {
      throw new ApiError("method_not_allowed", { headers: { allow: "GET, OPTIONS" } });
    }
    const caller = databaseCaller(principal);
    const { begun } = only(
      await transaction(
        caller,
        (tx) => tx<{ begun: Export }[]>`
          select private.kyc_export(${tx.json(query)}, ${MAX_ROWS}) as begun
        `,
      ),
    );
    const read = (ids: readonly string[]) =>
      transaction(
        caller,
        (tx) => tx<{ cells: CsvCell[] }[]>`
          select cells from private.kyc_export_rows(${tx.json(ids)}) as cells
        `,
      );
    const today = new Date().toISOString().slice(0, 10);
    return {
      status: 200,
      body: toStream(csvParts(begun, read)),
      headers: {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": `attachment; filename="kyc-${today}.csv"`,
      },
    };
  },
);

async function* csvParts(
  { export_id, verification_ids }: Export,
  read: (ids: readonly string[]) => Promise<readonly { readonly cells: CsvCell[] }[]>,
): AsyncGenerator<string, void, undefined> {
  yield csvLine(COLUMNS);
  for (let from = 0; from < verification_ids.length; from += ROWS_AT_ONCE) {
    const rows = await read(verification_ids.slice(from, from + ROWS_AT_ONCE));
    yield rows.map(({ cells }) => csvLine([...cells, export_id])).join("");
  }
}

function toStream(parts: AsyncGenerator<string, void, undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}
