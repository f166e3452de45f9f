import type { ReactNode } from "react";
import { Empty } from "../../ui/basics.tsx";
import { Table } from "../../ui/table.tsx";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** A second length on the same line, such as the 95th percentile behind the median. */
  readonly behind?: number | null;
}

interface BarsProps {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** How a length is written. */
  readonly format: (value: number) => string;
  /** What the two lengths are; the second is left out where bars have none. */
  readonly measures: readonly [string, string?];
  readonly empty: string;
}

const ROW = 34;
const LABEL = 200;
const WIDTH = 640;
const LONGEST = WIDTH - LABEL - 90;

/**
 * Horizontal bars with the same figures as a table below: the drawing is for the eye, the table for everybody. Drawn by
 * attributes, because the page's policy forbids styles inline.
 */
export function Bars({ title, bars, format, measures, empty }: BarsProps): ReactNode {
  if (bars.length === 0) return <Empty>{empty}</Empty>;
  const most = Math.max(...bars.map(({ value, behind }) => Math.max(value, behind ?? 0)), 1);
  const length = (value: number) => (value / most) * LONGEST;
  const [first, second] = measures;
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${bars.length * ROW}`}
        role="img"
        aria-label={`${title}; the table below has the figures`}
      >
        {bars.map(({ label, value, behind }, index) => (
          <g key={label} transform={`translate(0 ${index * ROW})`}>
            <text x={LABEL - 10} y={ROW / 2} className="chart-label">
              {label}
            </text>
            {typeof behind === "number" && (
              <rect
                x={LABEL}
                y={6}
                width={length(behind)}
                height={ROW - 12}
                rx={3}
                className="chart-behind"
              />
            )}
            <rect
              x={LABEL}
              y={6}
              width={length(value)}
              height={ROW - 12}
              rx={3}
              className="chart-bar"
            />
            <text
              x={LABEL + length(Math.max(value, behind ?? 0)) + 8}
              y={ROW / 2}
              className="chart-value"
            >
              {format(value)}
            </text>
          </g>
        ))}
      </svg>
      <details>
        <summary>Table</summary>
        <Table
          caption={title}
          rows={bars}
          rowKey={({ label }) => label}
          columns={[
            { head: title, cell: ({ label }) => label },
            { head: first, numeric: true, cell: ({ value }) => format(value) },
            ...(second
              ? [
                  {
                    head: second,
                    numeric: true,
                    cell: ({ behind }: Bar) => (typeof behind === "number" ? format(behind) : "–"),
                  },
                ]
              : []),
          ]}
        />
      </details>
    </figure>
  );
}
