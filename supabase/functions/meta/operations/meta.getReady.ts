import { SERVICE } from "../../_shared/auth/principal.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { ReadinessCheck } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { MetaDeps } from "../deps.ts";
import { probe } from "../probe.ts";

type Circuit = { state: "closed" | "open" | "half_open" };

/**
 * Says whether the service can do its work. Without its database, auth or storage it cannot; without
 * its KYC provider it can, and what there is to send waits.
 */
export const getReady: UnboundOperation<"meta.getReady", MetaDeps> = unbound(
  async ({ deps: { checkAuth, checkStorage }, transaction }) => {
    let circuits: Circuit[] = [];
    const needed = await Promise.all([
      probe("database", async () => {
        circuits = await transaction(
          SERVICE,
          (tx) => tx<Circuit[]>`select state from private.circuit_states()`,
        );
      }),
      probe("auth", checkAuth),
      probe("storage", checkStorage),
    ]);
    const down = needed.filter(({ status }) => status === "down");
    if (down.length > 0) {
      throw new ApiError("service_unavailable", {
        detail: `Not available: ${down.map(({ name }) => name).join(", ")}.`,
        errors: down.map(({ name }) => ({
          pointer: `checks/${name}`,
          code: "down",
          detail: "This does not answer as it should.",
        })),
      });
    }
    const isOpen = circuits.some(({ state }) => state !== "closed");
    const provider: ReadinessCheck = {
      name: "kyc_provider",
      status: isOpen ? "degraded" : "up",
      latency_ms: null,
    };
    const status = isOpen ? "degraded" : "ready";
    return { status: 200, body: { status, checks: [...needed, provider] } };
  },
);
