/** A number that goes up and down, with at most one label. */
export type Gauge = {
  readonly name: string;
  readonly label: string | null;
  readonly label_value: string | null;
  readonly value: number;
};

/**
 * Writes gauges in the text format of Prometheus 0.0.4.
 *
 * @example toPrometheusText([{ name: "nff_outbox_pending", label: null, label_value: null, value: 0 }]);
 */
export function toPrometheusText(gauges: readonly Gauge[]): string {
  const byName = Map.groupBy(gauges, ({ name }) => name);
  const blocks = [...byName].map(([name, samples]) => [
    `# TYPE ${name} gauge`,
    ...samples.map((sample) => `${name}${labelsOf(sample)} ${sample.value}`),
  ]);
  return `${blocks.flat().join("\n")}\n`;
}

function labelsOf({ label, label_value }: Gauge): string {
  if (label === null || label_value === null) return "";
  const escaped = label_value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
  return `{${label}="${escaped}"}`;
}
