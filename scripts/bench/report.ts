/** What a figure has to reach. */
interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measured number. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
}

/** Whether a figure reaches its goal; undefined where there is none. */
export function isReached({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  return (
    (goal.atLeast === undefined || value >= goal.atLeast) &&
    (goal.atMost === undefined || value <= goal.atMost)
  );
}

const round = (value: number) =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.?0+$/, "");

function goalText({ goal, unit }: Figure): string {
  if (goal?.atLeast !== undefined) return `≥ ${goal.atLeast} ${unit}`;
  if (goal?.atMost !== undefined) return `≤ ${goal.atMost} ${unit}`;
  return "";
}

const MARKS = new Map([
  [true, "reached"],
  [false, "MISSED"],
]);

/** Prints figures as a table, in the order in which they were measured. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  const width = Math.max(...figures.map(({ name }) => name.length));
  for (const figure of figures) {
    const value = `${round(figure.value)} ${figure.unit}`.padEnd(16);
    const reached = isReached(figure);
    const verdict = reached === undefined ? "" : `${goalText(figure)}: ${MARKS.get(reached)}`;
    console.log(`  ${figure.name.padEnd(width)}  ${value}  ${verdict}`.trimEnd());
  }
}
