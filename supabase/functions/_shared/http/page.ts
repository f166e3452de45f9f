import type { OperationId } from "../generated/contract.ts";
import { type CursorCodec, cursorScope } from "./cursor.ts";

/** What a caller may ask for at most; a larger wish is cut down, not refused. */
const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 25;

/** A page of a list, as every list of the contract answers it. */
export type Page<Item> = { items: Item[]; next_cursor: string | null };

/** Which page of which list somebody wants. */
export type PageRequest = {
  readonly operation: OperationId;
  readonly callerId: string;
  /** Path and query parameters; the cursor is only good for the same ones. */
  readonly filters: Readonly<Record<string, unknown>>;
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
};

/** A row of a list with the position behind it, both as the database wrote them. */
export type ListRow<Item> = { readonly item: Item; readonly position: string };

/**
 * Reads one page. One row more than the page holds is asked for: whether it exists says whether
 * there is a next page.
 *
 * @param read returns up to `count` rows behind `position`, or from the start for `null`
 * @throws ApiError `invalid_cursor`
 */
export async function readPage<Item>(
  cursors: CursorCodec,
  { operation, callerId, filters, limit = DEFAULT_LIMIT, cursor }: PageRequest,
  read: (position: string | null, count: number) => Promise<readonly ListRow<Item>[]>,
): Promise<Page<Item>> {
  const scope = cursorScope(operation, callerId, filters);
  const position = cursor === undefined ? null : await cursors.decode(cursor, scope);
  const size = Math.min(limit, MAX_LIMIT);
  const rows = await read(position, size + 1);
  const page = rows.slice(0, size);
  const last = rows.length > size ? page.at(-1) : undefined;
  return {
    items: page.map(({ item }) => item),
    next_cursor: last ? await cursors.encode(last.position, scope) : null,
  };
}
