/**
 * The one row of a statement that returns exactly one.
 *
 * @example const { body } = only(await tx<{ body: Me }[]>`select private.me() as body`);
 */
export function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    throw new Error(`Expected one row, got ${rows.length}.`);
  }
  return row;
}
