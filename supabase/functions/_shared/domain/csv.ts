/** What a cell may hold; `null` is an empty one. */
export type CsvCell = string | number | null;

/** Where a spreadsheet takes a cell for a formula: its first character, the wide forms of it included. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One line of CSV (RFC 4180) with its CRLF. A text that a spreadsheet would run as a formula gets an
 * apostrophe in front and stands in quotation marks (OWASP, CSV injection); numbers are left alone.
 *
 * @example csvLine(["a", 1, null]); // "a,1,\r\n"
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const isFormula = FORMULA.test(cell);
  const text = isFormula ? `'${cell}` : cell;
  return isFormula || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
