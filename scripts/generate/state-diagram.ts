import { edgesOf, type Machine } from "./state-machine.ts";

const BOX = { width: 176, height: 44 } as const;
const COLUMN = 336;
const ROW = 104;
const MARGIN = 60;
const COLOURS: Readonly<Record<string, string>> = {
  user: "#1d4ed8",
  provider: "#7c3aed",
  staff: "#b45309",
  scheduler: "#0f766e",
  system: "#475569",
};

interface Place {
  readonly x: number;
  readonly y: number;
  readonly column: number;
}

/** States from left to right, each behind all that lead to it; moves back do not count. */
function columnsOf(machine: Machine): string[][] {
  const order = new Map(machine.states.map(({ status }, index) => [status, index]));
  const column = new Map<string, number>();
  for (const { status } of machine.states) {
    const before = edgesOf(machine)
      .filter(({ from, to }) => to === status && (order.get(from) ?? 0) < (order.get(to) ?? 0))
      .map(({ from }) => (column.get(from) ?? 0) + 1);
    column.set(status, Math.max(0, ...before));
  }
  return Array.from({ length: Math.max(...column.values()) + 1 }, (_, index) =>
    [...column].filter(([, place]) => place === index).map(([status]) => status),
  );
}

function placesOf(columns: readonly string[][]): Map<string, Place> {
  const rows = Math.max(...columns.map((column) => column.length));
  return new Map(
    columns.flatMap((column, index) =>
      column.map((status, row): [string, Place] => [
        status,
        {
          x: MARGIN + index * COLUMN,
          // A column in the middle, its states spread over the height.
          y: MARGIN + ROW * (((row + 0.5) * rows) / column.length),
          column: index,
        },
      ]),
    ),
  );
}

const round = (value: number) => Math.round(value * 10) / 10;

/** A curve between two boxes; moves back and over other columns keep clear of what lies between. */
function curve(from: Place, to: Place, lane: number): { path: string; x: number; y: number } {
  const isForward = to.column > from.column;
  const x1 = isForward ? from.x + BOX.width : from.x + BOX.width / 2;
  const x2 = isForward ? to.x : to.x + BOX.width / 2;
  const rise = isForward ? 0 : BOX.height / 2;
  const [y1, y2] = [from.y + rise + (isForward ? lane * 5 : 0), to.y + rise];
  const span = Math.abs(to.column - from.column);
  const bend = isForward ? (span - 1) * (lane % 2 === 0 ? -66 : 66) : 96 + span * 20;
  const reach = isForward ? Math.max(46, (x2 - x1) * 0.4) : 0;
  const [c1x, c1y, c2x, c2y] = [x1 + reach, y1 + bend, x2 - reach, y2 + bend];
  // The middle of a cubic curve, where its label stands.
  const middle = (a: number, b: number, c: number, d: number) => (a + 3 * b + 3 * c + d) / 8;
  return {
    path: `M ${round(x1)} ${round(y1)} C ${round(c1x)} ${round(c1y)} ${round(c2x)} ${round(c2y)} ${round(x2)} ${round(y2)}`,
    x: round(middle(x1, c1x, c2x, x2)),
    y: round(middle(y1, c1y, c2y, y2)),
  };
}

function edges(machine: Machine, places: ReadonlyMap<string, Place>): string[] {
  const lanes = new Map<string, number>();
  return edgesOf(machine).flatMap(({ from, to, actors }) => {
    const [start, end] = [places.get(from), places.get(to)];
    if (!start || !end) return [];
    const lane = lanes.get(from) ?? 0;
    lanes.set(from, lane + 1);
    const { path, x, y } = curve(start, end, lane);
    const [first = ""] = actors;
    const colour = COLOURS[first] ?? "#000000";
    const label = actors.map(
      (actor, index) =>
        `<tspan fill="${COLOURS[actor] ?? "#000000"}">${index > 0 ? "\u00a0" : ""}${actor}</tspan>`,
    );
    return [
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4" marker-end="url(#tip)"><title>${from} → ${to}: ${actors.join(", ")}</title></path>`,
      `<text x="${x}" y="${y}" class="label">${label.join("")}</text>`,
    ];
  });
}

function boxes(machine: Machine, places: ReadonlyMap<string, Place>): string[] {
  return machine.states.flatMap(({ status, is_open, is_final }) => {
    const place = places.get(status);
    if (!place) return [];
    const fill = is_final ? "#e2e8f0" : is_open ? "#eff6ff" : "#ecfdf5";
    return [
      `<rect x="${round(place.x)}" y="${round(place.y - BOX.height / 2)}" width="${BOX.width}" height="${BOX.height}" rx="9" fill="${fill}" stroke="#0f172a" stroke-width="${is_final ? 2.4 : 1.2}"/>`,
      `<text x="${round(place.x + BOX.width / 2)}" y="${round(place.y + 5)}" class="state">${status}</text>`,
    ];
  });
}

/** The state machine as a drawing: the same rows give the same bytes. */
export function drawDiagram(machine: Machine): string {
  const columns = columnsOf(machine);
  const places = placesOf(columns);
  const rows = Math.max(...columns.map((column) => column.length));
  const width = MARGIN * 2 + COLUMN * (columns.length - 1) + BOX.width;
  const height = MARGIN * 2 + ROW * rows;
  const legend = Object.entries(COLOURS).map(
    ([actor, colour], index) =>
      `<text x="${MARGIN + index * 110}" y="30" fill="${colour}" class="legend">${actor}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="States of a verification and who moves it between them">
<style>text { font-family: system-ui, sans-serif } .state { font-size: 13px; text-anchor: middle; font-weight: 600 } .label { font-size: 10.5px; text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 3px } .legend { font-size: 13px; font-weight: 600 }</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" fill="#334155"/></marker></defs>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${[...legend, ...edges(machine, places), ...boxes(machine, places)].join("\n")}
</svg>
`;
}
