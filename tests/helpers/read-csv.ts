/**
 * Reads CSV as RFC 4180 has it and nothing else: CRLF after every line, quotation marks only around whole
 * cells and doubled inside, as many cells in every line as in the first.
 *
 * @throws Error with the place of the first character that should not be there
 */
export function readCsv(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    const { cell, end } = text[at] === '"' ? quoted(text, at) : bare(text, at);
    cells.push(cell);
    if (text[end] === ",") {
      at = end + 1;
    } else if (text.startsWith("\r\n", end)) {
      lines.push(cells);
      cells = [];
      at = end + 2;
    } else {
      throw new Error(`Neither a comma nor the end of a line at ${end}`);
    }
  }
  if (cells.length > 0) throw new Error("The last line has no end.");
  const uneven = lines.findIndex((line) => line.length !== lines[0]?.length);
  if (uneven >= 0) throw new Error(`Line ${uneven} has another number of cells.`);
  return lines;
}

function quoted(text: string, start: number): { cell: string; end: number } {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] === '"') at += 1;
    else return { cell: text.slice(start + 1, at).replaceAll('""', '"'), end: at + 1 };
  }
  throw new Error(`The cell at ${start} does not end.`);
}

function bare(text: string, start: number): { cell: string; end: number } {
  const cell = /[^",\r\n]*/y;
  cell.lastIndex = start;
  const [found = ""] = cell.exec(text) ?? [];
  return { cell: found, end: start + found.length };
}
