import { ApiError } from "../errors.ts";

const ACCEPTED = /^[A-Za-z0-9._:-]{8,128}$/;

/**
 * What the front end calls the device, from `X-Device-Id`. It is a hint for the risk rules and proves
 * nothing, so a request without it is as good as one with it.
 *
 * @returns the name, or `null` if there is none
 * @throws ApiError `validation_failed` for one that the contract does not allow
 * @example deviceId(request.headers.get("x-device-id"));
 */
export function deviceId(inbound: string | null): string | null {
  if (inbound === null || ACCEPTED.test(inbound)) return inbound;
  throw new ApiError("validation_failed", {
    errors: [
      {
        pointer: "header/X-Device-Id",
        code: "pattern",
        detail: "This must be 8 to 128 letters, digits and .-_:",
      },
    ],
  });
}
