import { SERVICE } from "../../_shared/auth/principal.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { MetaDeps } from "../deps.ts";
import { type Gauge, toPrometheusText } from "../prometheus.ts";

/** Queue lengths, ages and states. */
export const getMetrics: UnboundOperation<"meta.getMetrics", MetaDeps> = unbound(
  async ({ transaction }) => {
    const gauges = await transaction(
      SERVICE,
      (tx) => tx<Gauge[]>`select name, label, label_value, value from private.metrics()`,
    );
    return { status: 200, body: toPrometheusText(gauges) };
  },
);
