import { credentialsOf, type IdentifyCaller } from "../caller.ts";
import type { GatewayConfig } from "../config.ts";
import { API_ROLES } from "../rest/data-api.ts";
import { refuseKey } from "../rest/refusals.ts";
import { below, type Service } from "../service.ts";
import type { TokenError } from "../tokens/verify.ts";
import { createStorageApp } from "./app.ts";
import { createConfiguredBuckets } from "./buckets.ts";
import { connectStorage } from "./database.ts";
import { accessDenied, invalidJwt, storageErrorResponse } from "./errors.ts";
import { createFileStore } from "./files.ts";
import { createSignedUrls } from "./signed-urls.ts";

export const STORAGE_PREFIX = "/storage/v1/";

const sentenceOf = ({ fault }: TokenError) =>
  fault === "expired"
    ? '"exp" claim timestamp check failed'
    : fault === "malformed"
      ? "Invalid Compact JWS"
      : "signature verification failed";

export async function createStorageService(
  config: GatewayConfig,
  identify: IdentifyCaller,
): Promise<Service> {
  const sql = connectStorage(config.dbUrl);
  await createConfiguredBuckets(sql, config.storage);
  const app = createStorageApp({
    sql,
    config: config.storage,
    files: createFileStore(config.storageDir),
    signedUrls: createSignedUrls(config.signingKey.d),
  });
  return {
    async handle(request) {
      // Public objects and signed URLs need no key, so a missing one is no reason to refuse.
      const result = await identify(credentialsOf(request), "optional");
      if (!result.ok) {
        if ("refusal" in result) return refuseKey(result.refusal);
        return storageErrorResponse(invalidJwt(sentenceOf(result.token)));
      }
      const { caller } = result;
      if (!API_ROLES.has(caller.role)) {
        return storageErrorResponse(accessDenied(`permission denied to set role "${caller.role}"`));
      }
      return app.fetch(below(request, STORAGE_PREFIX), { caller });
    },
    close: () => sql.end({ timeout: 1 }),
  };
}
