import { ApiError } from "../_shared/errors.ts";
import { findTarget, type TargetRules, UnsafeUrlError } from "../_shared/webhooks/find-target.ts";

/**
 * Refuses a URL that webhooks may not be sent to. The sender checks again at each delivery, because
 * a name may lead elsewhere by then; this tells the administrator at once.
 *
 * @throws ApiError `unsafe_url`
 */
export async function checkWebhookUrl(url: string, rules: TargetRules): Promise<void> {
  try {
    await findTarget(url, rules);
  } catch (error) {
    if (!(error instanceof UnsafeUrlError)) throw error;
    throw new ApiError("unsafe_url", { detail: error.message });
  }
}
