import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { MetaDeps } from "../deps.ts";

/** Says that the process is alive, and touches nothing for it. */
export const getHealth: UnboundOperation<"meta.getHealth", MetaDeps> = unbound(async () => ({
  status: 200,
  body: { status: "ok" },
}));
