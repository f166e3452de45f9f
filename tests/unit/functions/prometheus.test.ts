import { expect, test } from "vitest";
import { toPrometheusText } from "../../../supabase/functions/meta/prometheus.ts";

test("gauges of one name stand together under their type, labels are escaped", () => {
  const plain = { label: null, label_value: null };
  expect(
    toPrometheusText([
      { name: "a", label: "state", label_value: "open", value: 1 },
      { name: "b", ...plain, value: 2.5 },
      { name: "a", label: "state", label_value: 'x"\\\ny', value: 0 },
    ]),
  ).toBe('# TYPE a gauge\na{state="open"} 1\na{state="x\\"\\\\\\ny"} 0\n# TYPE b gauge\nb 2.5\n');
});
