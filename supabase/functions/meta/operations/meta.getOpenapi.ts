import { JsonText, type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { MetaDeps } from "../deps.ts";

/** It changes with a deployment only, and everyone may see it. */
const CACHE_CONTROL = "public, max-age=300";

/** The contract. It is large and rarely asked for, so it is not loaded before that. */
export const getOpenapi: UnboundOperation<"meta.getOpenapi", MetaDeps> = unbound(async () => {
  const { openapiDocument } = await import("../../_shared/generated/openapi-document.ts");
  return {
    status: 200,
    body: new JsonText(openapiDocument),
    headers: { "cache-control": CACHE_CONTROL },
  };
});
